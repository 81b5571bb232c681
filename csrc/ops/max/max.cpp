#include "ops/max/max.h"

#include <optional>

#include "core/op.h"
#include "ops/amax/amax.h"
#include "ops/argmax/argmax.h"

namespace tilestack {

Tensor max(const Tensor& x) { return extremum("max", x, std::nullopt, false, false); }

std::pair<Tensor, Tensor> max(const Tensor& x, std::int64_t dim, bool keepdim) {
  return extremum_along("max", x, dim, keepdim, false);
}

}  // namespace tilestack

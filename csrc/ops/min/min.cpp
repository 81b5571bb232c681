#include "ops/min/min.h"

#include <optional>

#include "core/op.h"
#include "ops/amax/amax.h"
#include "ops/argmax/argmax.h"

namespace tilestack {

Tensor min(const Tensor& x) { return extremum("min", x, std::nullopt, false, true); }

std::pair<Tensor, Tensor> min(const Tensor& x, std::int64_t dim, bool keepdim) {
  return extremum_along("min", x, dim, keepdim, true);
}

}  // namespace tilestack

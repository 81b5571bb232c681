#include "ops/amin/amin.h"

#include "core/op.h"
#include "ops/amax/amax.h"

namespace tilestack {

Tensor amin(const Tensor& x, const std::optional<Dims>& dim, bool keepdim) {
  return extremum("amin", x, dim, keepdim, true);
}

}  // namespace tilestack

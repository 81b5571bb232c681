#include "ops/argmin/argmin.h"

#include "core/tensor.h"
#include "ops/argmax/argmax.h"

namespace tilestack {

Tensor argmin(const Tensor& x, std::optional<std::int64_t> dim, bool keepdim) {
  return arg_extremum("argmin", x, dim, keepdim, true);
}

}  // namespace tilestack

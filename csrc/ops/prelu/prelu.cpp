#include "ops/prelu/prelu.h"

#include "core/unary_op.h"
#include "core/views.h"

namespace tilestack {

Tensor prelu(const Tensor& x, const Tensor& weight) {
  check_float("prelu", x);
  check_same_dtype("prelu", {x, weight});
  const std::int64_t channels = x.dim() < 2 ? 1 : x.size(1), count = weight.numel();
  check(weight.dim() <= 1 && (count == 1 || count == channels), "prelu: weight must have shape (1) or ({}), got {}",
        channels, weight.shape());
  Dims shape(x.shape());
  for (int i = 0; i < shape.size(); ++i) shape[i] = i == 1 ? count : 1;
  return binary_op<prelu_on>("prelu", x, reshape(weight, shape), x.dtype());
}

}  // namespace tilestack

#include "ops/elu/elu.h"

#include "core/unary_op.h"

namespace tilestack {

Tensor elu(const Tensor& x, double alpha) { return parametric_op<elu_on>("elu", x, {alpha, 1, 1}); }

Tensor selu(const Tensor& x) {
  constexpr double alpha = 1.6732632423543772848, scale = 1.0507009873554804934;
  return parametric_op<elu_on>("selu", x, {scale * alpha, scale, 1});
}

Tensor celu(const Tensor& x, double alpha) {
  check(alpha != 0, "celu: alpha must not be 0");
  return parametric_op<elu_on>("celu", x, {alpha, 1, 1 / alpha});
}

}  // namespace tilestack

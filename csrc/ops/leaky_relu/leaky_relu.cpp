#include "ops/leaky_relu/leaky_relu.h"

#include "core/unary_op.h"

namespace tilestack {

Tensor leaky_relu(const Tensor& x, double negative_slope) {
  return parametric_op<leaky_relu_on>("leaky_relu", x, {negative_slope});
}

}  // namespace tilestack

#include "ops/threshold/threshold.h"

#include "core/unary_op.h"

namespace tilestack {

Tensor threshold(const Tensor& x, double threshold, double value) {
  return parametric_op<threshold_on>("threshold", x, {threshold, value});
}

}  // namespace tilestack

#include "ops/softplus/softplus.h"

#include "core/unary_op.h"

namespace tilestack {

Tensor softplus(const Tensor& x, double beta, double threshold) {
  return parametric_op<softplus_on>("softplus", x, {beta, threshold});
}

}  // namespace tilestack

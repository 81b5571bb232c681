#include "ops/hardtanh/hardtanh.h"

#include "core/unary_op.h"

namespace tilestack {

Tensor hardtanh(const Tensor& x, double min_val, double max_val) {
  check(min_val <= max_val, "hardtanh: min_val must be at most max_val, got {} and {}", min_val, max_val);
  return parametric_op<hardtanh_on>("hardtanh", x, {min_val, max_val});
}

}  // namespace tilestack

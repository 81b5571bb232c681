#include "ops/atan2/atan2.h"

#include "core/elementwise_op.h"

namespace tilestack {

Tensor atan2(const Operand& a, const Operand& b) {
  const DType dtype = promote(a, b);
  return binary_op<atan2_on>("atan2", a, b, is_float(dtype) ? dtype : DType::float32);
}

}  // namespace tilestack

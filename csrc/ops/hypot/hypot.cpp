#include "ops/hypot/hypot.h"

#include "core/elementwise_op.h"

namespace tilestack {

Tensor hypot(const Operand& a, const Operand& b) {
  const DType dtype = promote(a, b);
  return binary_op<hypot_on>("hypot", a, b, is_float(dtype) ? dtype : DType::float32);
}

}  // namespace tilestack

#include "ops/logaddexp/logaddexp.h"

#include "core/elementwise_op.h"

namespace tilestack {

Tensor logaddexp(const Operand& a, const Operand& b) {
  const DType dtype = promote(a, b);
  return binary_op<logaddexp_on>("logaddexp", a, b, is_float(dtype) ? dtype : DType::float32);
}

}  // namespace tilestack

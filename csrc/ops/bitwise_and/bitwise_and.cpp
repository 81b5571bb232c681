#include "ops/bitwise_and/bitwise_and.h"

#include "core/elementwise_op.h"

namespace tilestack {

Tensor bitwise_and(const Operand& a, const Operand& b) {
  const DType dtype = promote(a, b);
  check<TypeError>(!is_float(dtype), "bitwise_and: wanted integers or bools, got {}", dtype);
  return binary_map<bitwise_and_on>("bitwise_and", a, b, dtype, dtype);
}

}  // namespace tilestack

#include "ops/bitwise_xor/bitwise_xor.h"

#include "core/elementwise_op.h"

namespace tilestack {

Tensor bitwise_xor(const Operand& a, const Operand& b) {
  const DType dtype = promote(a, b);
  check<TypeError>(!is_float(dtype), "bitwise_xor: wanted integers or bools, got {}", dtype);
  return binary_map<bitwise_xor_on>("bitwise_xor", a, b, dtype, dtype);
}

}  // namespace tilestack

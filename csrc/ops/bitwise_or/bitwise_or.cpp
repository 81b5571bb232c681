#include "ops/bitwise_or/bitwise_or.h"

#include "core/elementwise_op.h"

namespace tilestack {

Tensor bitwise_or(const Operand& a, const Operand& b) {
  const DType dtype = promote(a, b);
  check<TypeError>(!is_float(dtype), "bitwise_or: wanted integers or bools, got {}", dtype);
  return binary_map<bitwise_or_on>("bitwise_or", a, b, dtype, dtype);
}

}  // namespace tilestack

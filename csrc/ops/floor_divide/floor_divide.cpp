#include "ops/floor_divide/floor_divide.h"

#include "core/elementwise_op.h"

namespace tilestack {

Tensor floor_divide(const Operand& a, const Operand& b) {
  const DType dtype = promote(a, b);
  check<TypeError>(dtype != DType::bool_, "floor_divide: not defined for tensors of bool");
  check(is_float(dtype) || b.tensor.defined() || b.scalar.number != 0, "floor_divide: division of integers by 0");
  return binary_map<floor_divide_on>("floor_divide", a, b, dtype, dtype);
}

}  // namespace tilestack

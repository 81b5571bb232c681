#include "ops/pow/pow.h"

#include "core/elementwise_op.h"

namespace tilestack {

Tensor pow(const Operand& a, const Operand& b) {
  const DType dtype = promote(a, b);
  check<TypeError>(dtype != DType::bool_, "pow: not defined for tensors of bool");
  check(is_float(dtype) || b.tensor.defined() || b.scalar.number >= 0,
        "pow: integers can't be raised to the negative power {}; convert them to float", b.scalar.integer_value);
  return binary_op<pow_on>("pow", a, b, dtype);
}

}  // namespace tilestack

#include "ops/remainder/remainder.h"

#include "core/elementwise_op.h"
#include "ops/floor_divide/floor_divide.h"
#include "ops/mul/mul.h"
#include "ops/neg/neg.h"

namespace tilestack {

Tensor remainder(const Operand& a, const Operand& b) {
  const DType dtype = promote(a, b);
  check<TypeError>(dtype != DType::bool_, "remainder: not defined for tensors of bool");
  check(is_float(dtype) || b.tensor.defined() || b.scalar.number != 0, "remainder: division of integers by 0");
  Tensor y = binary_map<remainder_on>("remainder", a, b, dtype, dtype);
  if (!wants_gradient(a, b)) return y;
  return record("remainder", y, {a.tensor, b.tensor},
                [to_a = GradientTo(a), to_b = GradientTo(b), a = SavedOperand(a),
                 b = SavedOperand(b)](const Tensor& dy) -> Gradients {
                  return {to_a(dy), to_b.wanted ? to_b(neg(mul(dy, floor_divide(*a, *b)))) : Tensor()};
                });
}

}  // namespace tilestack

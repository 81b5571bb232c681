#include "ops/mul/mul.h"

#include "core/elementwise_op.h"

namespace tilestack {

namespace {

// x, if the gradient of the other factor needs it.
SavedOperand saved_for(const Operand& other, const Operand& x) {
  return SavedOperand(wants_gradient(other) ? x : Operand(Scalar{}));
}

}  // namespace

Tensor mul(const Operand& a, const Operand& b) {
  const DType dtype = promote(a, b);
  Tensor y = binary_map<mul_on>("mul", a, b, dtype, dtype);
  if (!wants_gradient(a, b)) return y;
  return record("mul", y, {a.tensor, b.tensor},
                [to_a = GradientTo(a), to_b = GradientTo(b), a = saved_for(b, a),
                 b = saved_for(a, b)](const Tensor& dy) -> Gradients {
                  return {to_a.wanted ? to_a(mul(dy, *b)) : Tensor(), to_b.wanted ? to_b(mul(dy, *a)) : Tensor()};
                });
}

void mul_into(const Tensor& to, const Operand& a, const Operand& b) {
  binary_into<mul_on>("mul", to, a, b, promote(a, b));
}

}  // namespace tilestack

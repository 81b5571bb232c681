#include "ops/mul/mul.h"

#include "core/elementwise_op.h"

namespace tilestack {

Tensor mul(const Operand& a, const Operand& b) {
  const DType dtype = promote(a, b);
  Tensor y = binary_map<mul_on>("mul", a, b, dtype, dtype);
  if (!wants_gradient(a, b)) return y;
  return record("mul", y, {a.tensor, b.tensor},
                [a = SavedOperand(a), b = SavedOperand(b)](const Tensor& dy) -> Gradients {
                  const Operand x = *a, z = *b;
                  return {wants_gradient(x) ? GradientTo(x)(mul(dy, z)) : Tensor(),
                          wants_gradient(z) ? GradientTo(z)(mul(dy, x)) : Tensor()};
                });
}

void mul_into(const Tensor& to, const Operand& a, const Operand& b) {
  binary_into<mul_on>("mul", to, a, b, promote(a, b));
}

}  // namespace tilestack

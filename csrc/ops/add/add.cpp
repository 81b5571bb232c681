#include "ops/add/add.h"

#include "core/elementwise_op.h"

namespace tilestack {

Tensor add(const Operand& a, const Operand& b) {
  const DType dtype = promote(a, b);
  Tensor y = binary_map<add_on>("add", a, b, dtype, dtype);
  if (!wants_gradient(a, b)) return y;
  return record(
      "add", y, {a.tensor, b.tensor},
      [to_a = GradientTo(a), to_b = GradientTo(b)](const Tensor& dy) -> Gradients { return {to_a(dy), to_b(dy)}; });
}

void add_into(const Tensor& to, const Operand& a, const Operand& b) {
  binary_into<add_on>("add", to, a, b, promote(a, b));
}

}  // namespace tilestack

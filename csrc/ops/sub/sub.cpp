#include "ops/sub/sub.h"

#include "core/elementwise_op.h"
#include "ops/neg/neg.h"

namespace tilestack {

namespace {

DType checked_dtype(const Operand& a, const Operand& b) {
  const DType dtype = promote(a, b);
  check<TypeError>(dtype != DType::bool_, "sub: not defined for tensors of bool; use logical_xor or logical_not");
  return dtype;
}

}  // namespace

Tensor sub(const Operand& a, const Operand& b) {
  const DType dtype = checked_dtype(a, b);
  Tensor y = binary_map<sub_on>("sub", a, b, dtype, dtype);
  if (!wants_gradient(a, b)) return y;
  return record("sub", y, {a.tensor, b.tensor},
                [to_a = GradientTo(a), to_b = GradientTo(b)](const Tensor& dy) -> Gradients {
                  return {to_a(dy), to_b.wanted ? neg(to_b(dy)) : Tensor()};
                });
}

void sub_into(const Tensor& to, const Operand& a, const Operand& b) {
  binary_into<sub_on>("sub", to, a, b, checked_dtype(a, b));
}

}  // namespace tilestack

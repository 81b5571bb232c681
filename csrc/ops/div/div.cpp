#include "ops/div/div.h"

#include "core/elementwise_op.h"

namespace tilestack {

namespace {

DType quotient_dtype(const Operand& a, const Operand& b) {
  const DType dtype = promote(a, b);
  return is_float(dtype) ? dtype : DType::float32;
}

}  // namespace

Tensor div(const Operand& a, const Operand& b) {
  const DType dtype = quotient_dtype(a, b);
  if (!wants_gradient(a) || wants_gradient(b)) return binary_op<div_on>("div", a, b, dtype);
  // The quotient of something by a number or a constant keeps the latter alone.
  return record("div", binary_map<div_on>("div", a, b, dtype, dtype), {a.tensor},
                [to_a = GradientTo(a), b = SavedOperand(b)](const Tensor& dy) { return Gradients{to_a(div(dy, *b))}; });
}

void div_into(const Tensor& to, const Operand& a, const Operand& b) {
  binary_into<div_on>("div", to, a, b, quotient_dtype(a, b));
}

}  // namespace tilestack

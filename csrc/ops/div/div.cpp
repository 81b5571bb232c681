#include "ops/div/div.h"

#include "core/elementwise_op.h"

namespace tilestack {

namespace {

DType quotient_dtype(const Operand& a, const Operand& b) {
  const DType dtype = promote(a, b);
  return is_float(dtype) ? dtype : DType::float32;
}

}  // namespace

Tensor div(const Operand& a, const Operand& b) { return binary_op<div_on>("div", a, b, quotient_dtype(a, b)); }

void div_into(const Tensor& to, const Operand& a, const Operand& b) {
  binary_into<div_on>("div", to, a, b, quotient_dtype(a, b));
}

}  // namespace tilestack

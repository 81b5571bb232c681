#include "ops/div/div.h"

#include "core/elementwise_op.h"
#include "ops/floor_divide/floor_divide.h"
#include "ops/fmod/fmod.h"
#include "ops/sub/sub.h"
#include "ops/trunc/trunc.h"

namespace tilestack {

namespace {

DType quotient_dtype(const Operand& a, const Operand& b) {
  const DType dtype = promote(a, b);
  return is_float(dtype) ? dtype : DType::float32;
}

// Towards zero; a quotient of 16-bit floats must not be rounded to them before.
Tensor truncated(const Operand& a, const Operand& b, DType dtype) {
  if (!is_float(dtype)) return floor_divide(sub(a, fmod(a, b)), b);
  const auto wide = [dtype](const Operand& x) {
    return x.tensor.defined() ? Operand(as_dtype(x.tensor, compute_dtype(dtype))) : x;
  };
  return as_dtype(trunc(div(wide(a), wide(b))), dtype);
}

}  // namespace

Tensor rounded_div(const Operand& a, const Operand& b, const std::string& rounding) {
  check(rounding == "trunc" || rounding == "floor", "div: rounding_mode must be None, 'trunc' or 'floor', got '{}'",
        rounding);
  const DType dtype = promote(a, b);
  check<TypeError>(dtype != DType::bool_, "div: rounding_mode needs numbers, got bool");
  Tensor y;
  {
    const NoGrad no_grad;
    y = rounding == "floor" ? floor_divide(a, b) : truncated(a, b, dtype);
  }
  if (!wants_gradient(a, b)) return y;
  return record("div", y, {a.tensor, b.tensor},
                [to_a = GradientTo(a), to_b = GradientTo(b)](const Tensor& dy) -> Gradients {
                  const Tensor none = zeros(dy.shape(), dy.dtype(), dy.device());
                  return {to_a(none), to_b(none)};
                });
}

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

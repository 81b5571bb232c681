#include "ops/fmod/fmod.h"

#include "core/elementwise_op.h"
#include "ops/abs/abs.h"
#include "ops/div/div.h"
#include "ops/lt/lt.h"
#include "ops/mul/mul.h"
#include "ops/neg/neg.h"
#include "ops/remainder/remainder.h"
#include "ops/where/where.h"

namespace tilestack {
namespace {

Operand magnitude(const Operand& x) {
  if (x.tensor.defined()) return abs(x.tensor);
  Scalar scalar = x.scalar;
  scalar.number = std::abs(scalar.number);
  scalar.integer_value = std::abs(scalar.integer_value);
  return scalar;
}

// remainder of magnitudes is exact and has no sign of its own.
Tensor with_sign_of(const Operand& a, const Operand& b) {
  const NoGrad no_grad;
  const Tensor rest = remainder(magnitude(a), magnitude(b));
  if (a.tensor.defined()) return where(lt(a, Scalar{Scalar::integer, 0, 0}), neg(rest), rest);
  return a.scalar.number < 0 ? neg(rest) : rest;
}

}  // namespace

Tensor fmod(const Operand& a, const Operand& b) {
  const DType dtype = promote(a, b);
  check<TypeError>(dtype != DType::bool_, "fmod: not defined for tensors of bool");
  check(is_float(dtype) || b.tensor.defined() || b.scalar.number != 0, "fmod: division of integers by 0");
  const Tensor y = with_sign_of(a, b);
  if (!wants_gradient(a, b)) return y;
  return record("fmod", y, {a.tensor, b.tensor},
                [to_a = GradientTo(a), to_b = GradientTo(b), a = SavedOperand(a),
                 b = SavedOperand(b)](const Tensor& dy) -> Gradients {
                  return {to_a(dy), to_b.wanted ? to_b(neg(mul(dy, rounded_div(*a, *b, "trunc")))) : Tensor()};
                });
}

}  // namespace tilestack

#include "ops/lerp/lerp.h"

#include <cmath>

#include "core/unary_op.h"
#include "ops/abs/abs.h"
#include "ops/add/add.h"
#include "ops/lt/lt.h"
#include "ops/mul/mul.h"
#include "ops/sub/sub.h"
#include "ops/where/where.h"

namespace tilestack {

Tensor lerp(const Tensor& a, const Tensor& b, const Operand& w) {
  check_float("lerp", a);
  check_same_dtype("lerp", {a, b, w.tensor});
  const DType dtype = compute_dtype(a.dtype());
  const Tensor x = to_dtype(a, dtype), z = to_dtype(b, dtype), range = sub(z, x);
  const Operand weight = w.tensor.defined() ? Operand(to_dtype(w.tensor, dtype)) : w;
  const auto from_a = [&] { return add(x, mul(range, weight)); };
  const auto from_b = [&](const Operand& rest) { return sub(z, mul(range, rest)); };
  const auto number = [](double value) { return Scalar{Scalar::real, value, 0}; };
  Tensor y;
  if (w.tensor.defined()) {
    const Tensor small = lt(abs(weight.tensor.detach()), number(0.5));
    y = where(small, from_a(), from_b(sub(number(1), weight)));
  } else {
    y = std::abs(w.scalar.number) < 0.5 ? from_a() : from_b(number(1 - w.scalar.number));
  }
  return to_dtype(y, a.dtype());
}

}  // namespace tilestack

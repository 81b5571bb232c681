#include "ops/clamp/clamp.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/elementwise_op.h"
#include "ops/ge/ge.h"
#include "ops/le/le.h"
#include "ops/logical_or/logical_or.h"
#include "ops/ne/ne.h"
#include "ops/where/where.h"

namespace tilestack {

namespace {

// low or high in the dtype: the bound, or the smallest or largest value where there is none or it lies beyond.
Number bound(const std::optional<Scalar>& given, DType dtype, bool upper) {
  if (is_float(dtype))
    return Number("clamp", given.value_or(Scalar{Scalar::real, upper ? HUGE_VAL : -HUGE_VAL, 0}), dtype);
  Scalar value = given.value_or(Scalar{Scalar::integer, 0, upper ? INT64_MAX : INT64_MIN});
  visit_all(dtype, [&]<class T>() {
    if constexpr (std::is_integral_v<T>) {
      const auto low = std::int64_t(std::numeric_limits<T>::min()), high = std::int64_t(std::numeric_limits<T>::max());
      value.integer_value = std::clamp(value.integer_value, low, high);
    }
  });
  return Number("clamp", value, dtype);
}

DType clamped_dtype(const Tensor& x, const std::optional<Scalar>& min, const std::optional<Scalar>& max) {
  check(min || max, "clamp: wanted min, max or both, got neither");
  DType dtype = x.dtype();
  if (min) dtype = promote(dtype, promote(x, *min));
  if (max) dtype = promote(dtype, promote(x, *max));
  check<TypeError>(dtype != DType::bool_, "clamp: not defined for tensors of bool");
  return dtype;
}

Tensor limited(const Tensor& x, const Operand& bound, bool upper) {
  const Tensor from = x.detach();
  const Tensor inside = upper ? le(from, bound) : ge(from, bound);
  return where(is_float(x.dtype()) ? logical_or(inside, ne(from, from)) : inside, x, bound);
}

}  // namespace

Tensor clamp(const Tensor& x, const std::optional<Scalar>& min, const std::optional<Scalar>& max) {
  const Tensor in = as_dtype(x, clamped_dtype(x, min, max));
  const Number low = bound(min, in.dtype(), false), high = bound(max, in.dtype(), true);
  Tensor y = empty_like(in);
  clamp_on(x.device()).forward(in, low.view(x.shape()), high.view(x.shape()), y);
  if (!grad_enabled() || !x.requires_grad()) return y;
  return record("clamp", y, {x}, [x = Saved(x), low, high](const Tensor& dy) -> Gradients {
    const Tensor dx = empty_like(*x);
    clamp_on(x->device()).backward(*x, low.view(x->shape()), high.view(x->shape()), dy, dx);
    return {dx};
  });
}

Tensor clamp_(const Tensor& x, const std::optional<Scalar>& min, const std::optional<Scalar>& max) {
  const DType dtype = clamped_dtype(x, min, max);
  check_writable("clamp_", x, x.shape(), dtype);
  const Number low = bound(min, dtype, false), high = bound(max, dtype, true);
  clamp_on(x.device()).forward(x, low.view(x.shape()), high.view(x.shape()), x);
  x.bump_version();
  return x;
}

Tensor clamp_between(const Tensor& x, const std::optional<Operand>& min, const std::optional<Operand>& max) {
  if (!(min && min->tensor.defined()) && !(max && max->tensor.defined()))
    return clamp(x, min ? std::optional(min->scalar) : std::nullopt, max ? std::optional(max->scalar) : std::nullopt);
  DType dtype = x.dtype();
  if (min) dtype = promote(dtype, promote(x, *min));
  if (max) dtype = promote(dtype, promote(x, *max));
  check<TypeError>(dtype != DType::bool_, "clamp: not defined for tensors of bool");
  Tensor y = to_dtype(x, dtype);
  if (min) y = limited(y, *min, false);
  return max ? limited(y, *max, true) : y;
}

}  // namespace tilestack

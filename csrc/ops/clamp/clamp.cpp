#include "ops/clamp/clamp.h"

#include <cmath>
#include <limits>

#include "core/elementwise_op.h"

namespace tilestack {

namespace {

// low or high in the dtype: the bound, or the smallest or largest value.
Number bound(const std::optional<Scalar>& given, DType dtype, bool upper) {
  if (given) return Number("clamp", *given, dtype);
  Scalar open{Scalar::real, upper ? HUGE_VAL : -HUGE_VAL, 0};
  if (!is_float(dtype)) {
    visit_all(dtype, [&]<class T>() {
      if constexpr (std::is_integral_v<T>)
        open = {Scalar::integer, 0,
                std::int64_t(upper ? std::numeric_limits<T>::max() : std::numeric_limits<T>::min())};
    });
  }
  return Number("clamp", open, dtype);
}

DType clamped_dtype(const Tensor& x, const std::optional<Scalar>& min, const std::optional<Scalar>& max) {
  check(min || max, "clamp: wanted min, max or both, got neither");
  check_number("clamp", x);
  return promote(promote(x, min.value_or(*(min ? min : max))), promote(x, max.value_or(*(min ? min : max))));
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

}  // namespace tilestack

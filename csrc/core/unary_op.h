#pragma once
// The outside of functions of each element that core/elementwise_op.h's unary_op does not fit.
#include "core/elementwise_op.h"
#include "core/parametric.h"

namespace tilestack {

template <auto table_on>
Tensor parametric_op(const char* name, const Tensor& x, Parameters p) {
  check_float(name, x);
  Tensor y = empty_like(x);
  table_on(x.device()).forward(x, y, p);
  if (!grad_enabled() || !x.requires_grad()) return y;
  return record(name, y, {x}, [p, x = Saved(x)](const Tensor& dy) -> Gradients {
    const Tensor dx = empty_like(*x);
    table_on(dy.device()).backward(*x, dy, dx, p);
    return {dx};
  });
}

// A function that is constant but for jumps: its gradient is 0.
template <auto table_on>
Tensor step_op(const char* name, const Tensor& x) {
  check_number(name, x);
  Tensor y = empty_like(x);
  table_on(x.device()).forward(x, y);
  if (!grad_enabled() || !x.requires_grad()) return y;
  return record(name, y, {x},
                [](const Tensor& dy) -> Gradients { return {zeros(dy.shape(), dy.dtype(), dy.device())}; });
}

// Of integers: themselves.
inline Tensor clone_number(const char* name, const Tensor& x) {
  check_number(name, x);
  Tensor y = empty_like(x);
  copy_into(y, x);
  return y;
}

// What kernels exist for; integral: integers are themselves.
enum class Takes { floats, numbers, integral };

// y = f(x) in x's own memory.
template <auto table_on, Takes takes>
Tensor unary_in_place(const char* name, const Tensor& x) {
  check_number(name, x);
  check_writable(name, x, x.shape(), takes == Takes::floats && !is_float(x.dtype()) ? DType::float32 : x.dtype());
  if (takes == Takes::integral && !is_float(x.dtype())) return x;
  table_on(x.device()).forward(x, x);
  x.bump_version();
  return x;
}

}  // namespace tilestack

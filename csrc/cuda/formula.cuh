#pragma once
// GPU kernels of functions of each element of which the formula stands once: see core/formula.h.
#include "core/parametric.h"
#include "cuda/elementwise.cuh"
#include "cuda/math.cuh"
#include "cuda/runtime.h"

#define TILESTACK_FORMULA __device__ __forceinline__

namespace tilestack::cuda {
namespace {

// The names that formulas use, for one number.
#define TILESTACK_OF_NUMBER(name, value) \
  template <class T>                     \
  TILESTACK_FORMULA T name(T x) {        \
    return value;                        \
  }
TILESTACK_OF_NUMBER(vabs, std::abs(x))
TILESTACK_OF_NUMBER(vexp, std::exp(x))
TILESTACK_OF_NUMBER(vexp2, std::exp2(x))
TILESTACK_OF_NUMBER(vexpm1, std::expm1(x))
TILESTACK_OF_NUMBER(vlog, std::log(x))
TILESTACK_OF_NUMBER(vlog2, std::log2(x))
TILESTACK_OF_NUMBER(vlog10, std::log10(x))
TILESTACK_OF_NUMBER(vlog1p, std::log1p(x))
TILESTACK_OF_NUMBER(vsin, std::sin(x))
TILESTACK_OF_NUMBER(vcos, std::cos(x))
TILESTACK_OF_NUMBER(vtan, std::tan(x))
TILESTACK_OF_NUMBER(verf, std::erf(x))
TILESTACK_OF_NUMBER(vsigmoid, gpu::sigmoid(x))
TILESTACK_OF_NUMBER(vsqrt, std::sqrt(x))
TILESTACK_OF_NUMBER(vasin, std::asin(x))
TILESTACK_OF_NUMBER(vacos, std::acos(x))
TILESTACK_OF_NUMBER(vatan, std::atan(x))
TILESTACK_OF_NUMBER(vsinh, std::sinh(x))
TILESTACK_OF_NUMBER(vcosh, std::cosh(x))
TILESTACK_OF_NUMBER(vasinh, std::asinh(x))
TILESTACK_OF_NUMBER(vacosh, std::acosh(x))
TILESTACK_OF_NUMBER(vatanh, std::atanh(x))
TILESTACK_OF_NUMBER(verfc, std::erfc(x))
#undef TILESTACK_OF_NUMBER
template <class T>
TILESTACK_FORMULA T vatan2(T y, T x) {
  return std::atan2(y, x);
}
template <class T>
TILESTACK_FORMULA T vhypot(T x, T y) {
  return std::hypot(x, y);
}
template <int direction, class T>
TILESTACK_FORMULA T vround(T x) {
  if constexpr (direction == 0) return std::rint(x);
  if constexpr (direction == 1) return std::floor(x);
  if constexpr (direction == 2) return std::ceil(x);
  if constexpr (direction == 3) return std::trunc(x);
}
template <class T>
TILESTACK_FORMULA T copy_sign(T magnitude, T sign) {
  return std::copysign(magnitude, sign);
}
template <class T>
TILESTACK_FORMULA T at_most(T x, T high) {
  return x > high ? high : x;
}

template <class F>
constexpr int kFormulaCopies = 8;
template <class F>
  requires(F::kCopies > 0)
constexpr int kFormulaCopies<F> = F::kCopies;

template <class F>
struct Forward {
  static constexpr int kCopies = kFormulaCopies<F>;
  F f;
  template <class... T>
  __device__ auto operator()(T... x) const {
    return f.forward(x...);
  }
};
template <class F>
struct Backward {
  static constexpr int kCopies = kFormulaCopies<F>;
  F f;
  template <class T>
  __device__ T operator()(T saved, T dy) const {
    return f.backward(saved, dy);
  }
};
template <class F>
struct BackwardA {
  static constexpr int kCopies = 8;
  template <class T>
  __device__ T operator()(T a, T b, T dy) const {
    return F().backward_a(a, b, dy);
  }
};
template <class F>
struct BackwardB {
  static constexpr int kCopies = 8;
  template <class T>
  __device__ T operator()(T a, T b, T dy) const {
    return F().backward_b(a, b, dy);
  }
};

template <template <class> class Formula, class... P>
void formula_forward(View x, View y, P... p) {
  visit_float(x.dtype, [&]<class S>() {
    using F = Formula<Compute<S>>;
    gpu::map<S(S)>(Forward<F>{F(p...)}, y, x);
  });
}
template <template <class> class Formula, class... P>
void formula_backward(View saved, View dy, View dx, P... p) {
  visit_float(dy.dtype, [&]<class S>() {
    using F = Formula<Compute<S>>;
    gpu::map<S(S, S)>(Backward<F>{F(p...)}, dx, saved, dy);
  });
}

template <template <class> class Formula>
void formula_forward2(View a, View b, View y) {
  visit_float(y.dtype, [&]<class S>() { gpu::map<S(S, S)>(Forward<Formula<Compute<S>>>(), y, a, b); });
}
template <template <class> class Formula>
void formula_backward_a(View a, View b, View dy, View da) {
  visit_float(dy.dtype, [&]<class S>() { gpu::map<S(S, S, S)>(BackwardA<Formula<Compute<S>>>(), da, a, b, dy); });
}
template <template <class> class Formula>
void formula_backward_b(View a, View b, View dy, View db) {
  visit_float(dy.dtype, [&]<class S>() { gpu::map<S(S, S, S)>(BackwardB<Formula<Compute<S>>>(), db, a, b, dy); });
}

template <template <class> class Formula>
constexpr UnaryKernels unary_kernels = {formula_forward<Formula>, formula_backward<Formula>};
template <template <class> class Formula>
constexpr UnaryMap unary_map = {formula_forward<Formula>};
template <template <class> class Formula>
constexpr ParametricKernels parametric_kernels = {formula_forward<Formula, Parameters>,
                                                  formula_backward<Formula, Parameters>};
template <template <class> class Formula>
constexpr BinaryKernels binary_kernels = {formula_forward2<Formula>, formula_backward_a<Formula>,
                                          formula_backward_b<Formula>};

}  // namespace
}  // namespace tilestack::cuda

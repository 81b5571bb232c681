#include "core/elementwise.h"
#include "core/vec_math.h"
#include "ops/gelu/gelu.h"

namespace tilestack::TILESTACK_ISA {
namespace {

// (1 + tanh(u)) / 2 = sigmoid(2 u), and 2 u = x (slope + cubic x^2).
constexpr double kSlope = 1.5957691216057308, kCubic = 0.044715 * kSlope;
constexpr double kSqrtHalf = 0.70710678118654752, kDensity = 0.39894228040143268;  // 1 / sqrt(2 pi)

// The normal distribution P at -|x|. Float: exp of a polynomial for its logarithm, with an error below 1e-7 of P at 0
// that grows to 1e-4 at -6, where P is 1e-9: on both sides finer than 1 + erf.
TILESTACK_INLINE VecF lower_tail(VecF x) {
  const VecF a = at_most(vabs(x), 6.0f);
  return exp_in_range(polynomial(a, -0.693147130085462679f, -0.797887509995926155f, -0.318282245989056752f,
                                 -0.0364330863526327075f, 0.00495082329607226268f, -0.000123116674799483123f,
                                 -0.000127306575843051351f, 0.0000311637966292770722f, -3.34885004881239045e-6f,
                                 1.44295329202727952e-7f));
}
// Double: the C library's, lane by lane, which keeps its relative precision in the tail.
TILESTACK_INLINE VecD lower_tail(VecD x) {
  for (int i = 0; i < kLanes<double>; ++i) x[i] = 0.5 * __builtin_erfc(__builtin_fabs(x[i]) * kSqrtHalf);
  return x;
}

// The normal distribution P at -|x| and its density times sqrt(2 pi), exp(-x^2 / 2). Float: their ratio is a
// polynomial, with an error below 1e-7 of P at 0.
template <class V>
struct Tail {
  V below, bell;
};
TILESTACK_INLINE Tail<VecF> tail_and_bell(VecF x) {
  const VecF bell = vexp(x * x * -0.5f), a = at_most(vabs(x), 5.0f);
  const VecF ratio =
      polynomial(a, 0.499999931548730792f, -0.398936316813772285f, 0.249914303879828215f, -0.132501912459646126f,
                 0.0611267284067795041f, -0.024276513727881175f, 0.00790983065122395981f, -0.00196050614049032065f,
                 0.000335753267854322702f, -3.45986800902720246e-05f, 1.59295708274164637e-06f);
  return {ratio * bell, bell};
}
TILESTACK_INLINE Tail<VecD> tail_and_bell(VecD x) { return {lower_tail(x), vexp(x * x * -0.5)}; }

// x P(x) = max(x, 0) - |x| P(-|x|), which tends to 0 at -infinity. Beyond kFar, P(-|x|) is nothing beside 1, or at all.
template <class V>
TILESTACK_INLINE V exact(V x) {
  using T = Lane<V>;
  constexpr T kFar = sizeof(T) == 4 ? 6 : 40;
  const V size = at_most(vabs(x), kFar);
  const V y = (x > T(0) ? x : x * T(0)) - size * lower_tail(x);
  return x < -kFar ? V{} : y;
}

void forward(View x, View y, bool tanh) {
  visit_float(x.dtype, [&]<class T>() {
    using C = Compute<T>;
    if (tanh) {
      map<T(T)>([](auto x) { return x * vsigmoid(x * (x * x * C(kCubic) + C(kSlope))); }, y, x);
    } else {
      map<T(T)>([](auto x) { return exact(x); }, y, x);
    }
  });
}

// With s = sigmoid(v):  dy/dx = s + x s (1 - s) dv/dx.   With the normal distribution P and density p:  P(x) + x p(x).
void backward(View x, View dy, View dx, bool tanh) {
  visit_float(x.dtype, [&]<class T>() {
    using C = Compute<T>;
    if (tanh) {
      map<T(T, T)>(
          [](auto x, auto dy) {
            const auto square = x * x, s = vsigmoid(x * (square * C(kCubic) + C(kSlope)));
            return dy * (s + x * s * (C(1) - s) * (square * C(3 * kCubic) + C(kSlope)));
          },
          dx, x, dy);
    } else {
      map<T(T, T)>(
          [](auto x, auto dy) {
            const auto [tail, bell] = tail_and_bell(x);
            return dy * ((x > C(0) ? C(1) - tail : tail) + x * (bell * C(kDensity)));
          },
          dx, x, dy);
    }
  });
}

}  // namespace
constinit const GeluKernels gelu = {forward, backward};
}  // namespace tilestack::TILESTACK_ISA

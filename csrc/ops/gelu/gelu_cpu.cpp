#include "core/elementwise.h"
#include "core/vec_math.h"
#include "ops/gelu/gelu.h"

namespace tilestack::TILESTACK_ISA {
namespace {

// (1 + tanh(u)) / 2 = sigmoid(2 u), and 2 u = x (slope + cubic x^2).
constexpr double kSlope = 1.5957691216057308, kCubic = 0.044715 * kSlope;
constexpr double kSqrtHalf = 0.70710678118654752, kDensity = 0.39894228040143268;  // 1 / sqrt(2 pi)

void forward(View x, View y, bool tanh) {
  visit_float(x.dtype, [&]<class T>() {
    using C = Compute<T>;
    if (tanh) {
      map<T(T)>([](auto x) { return x * vsigmoid(x * (x * x * C(kCubic) + C(kSlope))); }, y, x);
    } else {
      map<T(T)>([](auto x) { return x * (verf(x * C(kSqrtHalf)) * C(0.5) + C(0.5)); }, y, x);
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
            const auto below = verf(x * C(kSqrtHalf)) * C(0.5) + C(0.5);
            return dy * (below + x * (vexp(x * x * C(-0.5)) * C(kDensity)));
          },
          dx, x, dy);
    }
  });
}

}  // namespace
constinit const GeluKernels gelu = {forward, backward};
}  // namespace tilestack::TILESTACK_ISA

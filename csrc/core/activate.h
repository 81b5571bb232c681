#pragma once
// The activations that matrix products fuse, and their slopes, on vectors.
#include "core/activation.h"
#include "core/vec_math.h"

namespace tilestack::TILESTACK_ISA {
namespace {

// The tanh form of gelu is x sigmoid(x (linear + cubic x^2)).
constexpr double kGeluLinear = 1.5957691216057308, kGeluCubic = 0.044715 * kGeluLinear;
constexpr double kSqrtHalf = 0.70710678118654752, kNormalDensity = 0.39894228040143268;  // 1 / sqrt(2 pi)

template <class V>
TILESTACK_INLINE V activate(Activation activation, V x) {
  using T = Lane<V>;
  switch (activation) {
    case Activation::relu:
      return maximum(x, V{});
    case Activation::sigmoid:
      return vsigmoid(x);
    case Activation::tanh:
      return vtanh(x);
    case Activation::gelu:
      return x * (verf(x * T(kSqrtHalf)) * T(0.5) + T(0.5));
    case Activation::gelu_tanh:
      return x * vsigmoid(x * (x * x * T(kGeluCubic) + T(kGeluLinear)));
    default:
      return x;
  }
}

// The slope, from the activation's result or, for the gelus, from what went in.
template <class V>
TILESTACK_INLINE V activation_slope(Activation activation, V x) {
  using T = Lane<V>;
  switch (activation) {
    case Activation::relu:
      return x > V{} ? splat(T(1)) : V{};
    case Activation::sigmoid:
      return x * (T(1) - x);
    case Activation::tanh:
      return T(1) - x * x;
    case Activation::gelu:
      return verf(x * T(kSqrtHalf)) * T(0.5) + T(0.5) + x * (vexp(x * x * T(-0.5)) * T(kNormalDensity));
    case Activation::gelu_tanh: {
      const V square = x * x, s = vsigmoid(x * (square * T(kGeluCubic) + T(kGeluLinear)));
      return s + x * s * (T(1) - s) * (square * T(3 * kGeluCubic) + T(kGeluLinear));
    }
    default:
      return splat(T(1));
  }
}

}  // namespace
}  // namespace tilestack::TILESTACK_ISA

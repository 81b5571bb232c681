#pragma once
// The activations that matrix products fuse, and their slopes, on vectors.
#include "core/activation.h"
#include "core/vec_math.h"

namespace tilestack::TILESTACK_ISA {
namespace {

constexpr double kSqrtHalf = 0.70710678118654752440, kInvSqrt2Pi = 0.39894228040143267794;
constexpr double kSqrt2OverPi = 0.79788456080286535588, kGeluCubic = 0.044715;

template <class V>
TILESTACK_INLINE V activate(Activation activation, V x) {
  using T = Lane<V>;
  switch (activation) {
    case Activation::relu: return maximum(x, V{});
    case Activation::sigmoid: return vsigmoid(x);
    case Activation::tanh: return vtanh(x);
    case Activation::gelu: return T(0.5) * x * (T(1) + verf(x * T(kSqrtHalf)));
    case Activation::gelu_tanh:
      return T(0.5) * x * (T(1) + vtanh(T(kSqrt2OverPi) * (x + T(kGeluCubic) * x * x * x)));
    default: return x;
  }
}

// The slope at the activation's result y, or for the gelus at what went in.
template <class V>
TILESTACK_INLINE V activation_slope(Activation activation, V y) {
  using T = Lane<V>;
  switch (activation) {
    case Activation::relu: return y > V{} ? splat(T(1)) : V{};
    case Activation::sigmoid: return y * (T(1) - y);
    case Activation::tanh: return T(1) - y * y;
    case Activation::gelu:
      return T(0.5) * (T(1) + verf(y * T(kSqrtHalf))) + y * T(kInvSqrt2Pi) * vexp(T(-0.5) * y * y);
    case Activation::gelu_tanh: {
      const V t = vtanh(T(kSqrt2OverPi) * (y + T(kGeluCubic) * y * y * y));
      return T(0.5) * (T(1) + t) +
             T(0.5) * y * (T(1) - t * t) * T(kSqrt2OverPi) * (T(1) + T(3 * kGeluCubic) * y * y);
    }
    default: return splat(T(1));
  }
}

}  // namespace
}  // namespace tilestack::TILESTACK_ISA

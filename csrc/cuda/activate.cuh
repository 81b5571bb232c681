#pragma once
// The activations that matrix products fuse, and their slopes: core/activate.h for one number.
#include "core/activation.h"
#include "cuda/math.cuh"

namespace tilestack::gpu {

// The tanh form of gelu is x sigmoid(x (linear + cubic x^2)).
constexpr double kGeluLinear = 1.5957691216057308, kGeluCubic = 0.044715 * kGeluLinear;
constexpr double kNormalDensity = 0.39894228040143268;  // 1 / sqrt(2 pi)

template <class T>
__device__ __forceinline__ T normal_below(T x) {
  const T tail = normal_lower_tail(x);
  return x > T(0) ? T(1) - tail : tail;
}

template <class T>
__device__ __forceinline__ T activate(Activation activation, T x) {
  switch (activation) {
    case Activation::relu:
      return x < T(0) ? T(0) : x;  // NaN stays
    case Activation::sigmoid:
      return sigmoid(x);
    case Activation::tanh:
      return std::tanh(x);
    case Activation::gelu:
      return x * normal_below(x);
    case Activation::gelu_tanh:
      return x * sigmoid(x * (x * x * T(kGeluCubic) + T(kGeluLinear)));
    default:
      return x;
  }
}

// The slope, from the activation's result or, for the gelus, from what went in.
template <class T>
__device__ __forceinline__ T activation_slope(Activation activation, T x) {
  switch (activation) {
    case Activation::relu:
      return x > T(0) ? T(1) : T(0);
    case Activation::sigmoid:
      return x * (T(1) - x);
    case Activation::tanh:
      return T(1) - x * x;
    case Activation::gelu:
      return normal_below(x) + x * (std::exp(x * x * T(-0.5)) * T(kNormalDensity));
    case Activation::gelu_tanh: {
      const T square = x * x, s = sigmoid(x * (square * T(kGeluCubic) + T(kGeluLinear)));
      return s + x * s * (T(1) - s) * (square * T(3 * kGeluCubic) + T(kGeluLinear));
    }
    default:
      return T(1);
  }
}

}  // namespace tilestack::gpu

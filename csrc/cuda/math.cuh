#pragma once
// Functions of one number that several kernels share, float and double. Others are std::exp and its like.
#include <cmath>

#include "cuda/gpu.h"

namespace tilestack::gpu {

// 1 / (1 + exp(-x)), to the last bits also where it is small.
template <class T>
__device__ __forceinline__ T sigmoid(T x) {
  const T e = std::exp(-std::abs(x));
  return (x < T(0) ? e : T(1)) / (T(1) + e);
}

// log(1 + exp(x)) without overflow.
template <class T>
__device__ __forceinline__ T softplus(T x) {
  return (x < T(0) ? T(0) : x) + std::log1p(std::exp(-std::abs(x)));
}

// The normal distribution at -|x|. Float: exp of a polynomial for its logarithm, with an error below 1e-7 of the value
// at 0 that grows to 1e-4 at -6, where it is 1e-9: on both sides finer than 1 + erf.
__device__ __forceinline__ float normal_lower_tail(float x) {
  const float a = std::abs(x) > 6.0f ? 6.0f : std::abs(x);
  float p = 1.44295329202727952e-7f;
  p = p * a - 3.34885004881239045e-6f;
  p = p * a + 0.0000311637966292770722f;
  p = p * a - 0.000127306575843051351f;
  p = p * a - 0.000123116674799483123f;
  p = p * a + 0.00495082329607226268f;
  p = p * a - 0.0364330863526327075f;
  p = p * a - 0.318282245989056752f;
  p = p * a - 0.797887509995926155f;
  return std::exp(p * a - 0.693147130085462679f);
}
__device__ __forceinline__ double normal_lower_tail(double x) {
  return 0.5 * std::erfc(std::abs(x) * 0.70710678118654752);
}

}  // namespace tilestack::gpu

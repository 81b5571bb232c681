#pragma once
// Largest and smallest values, for amax and argmax.
#include "cuda/reduce.cuh"

namespace tilestack::cuda {
namespace {

// The smallest x is found as the largest of -x, or of ~x for integers.
template <class A>
__device__ __forceinline__ A flipped(A x, bool smallest) {
  if constexpr (kIsFloat<A>) {
    return smallest ? -x : x;
  } else {
    return A(smallest ? ~x : x);
  }
}

template <class A>
__device__ __forceinline__ constexpr A lowest() {
  return kIsFloat<A> ? A(-__builtin_inf()) : A(std::int64_t(1) << 63);
}

// Whether they are equal or both NaN.
template <class A>
__device__ __forceinline__ bool same(A x, A y) {
  return x == y || (x != x && y != y);
}

}  // namespace
}  // namespace tilestack::cuda

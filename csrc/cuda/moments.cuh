#pragma once
// Mean and variance in one pass, for var and batch_norm.
#include "cuda/reduce.cuh"

namespace tilestack::cuda {
namespace {

// Of n values: their mean, and the sum of squares about it.
template <class A>
struct Moments {
  A n, mean, squares;
};

// Close enough for a share or a mean about which squares are summed.
__device__ __forceinline__ float quotient(float a, float b) { return __fdividef(a, b); }
__device__ __forceinline__ double quotient(double a, double b) { return a / b; }

// Sets of values are merged as by Chan, Golub and LeVeque (1983), so nothing cancels.
template <class A>
struct Merge : Combination<Merge<A>, Moments<A>, Moments<double>> {
  using Value = A;
  __device__ static Moments<A> identity() { return {0, 0, 0}; }
  template <class V>
  __device__ __forceinline__ static Moments<V> combine(const Moments<V>& a, const Moments<V>& b) {
    const V n = a.n + b.n, d = b.mean - a.mean, share = n == 0 ? V(0) : quotient(b.n, n);
    return {n, a.mean + d * share, a.squares + b.squares + d * d * a.n * share};
  }
  template <class Present>
  __device__ __forceinline__ static void take(Moments<A>& acc, const A (&v)[kReduceUnroll], const Present& present) {
    A n = 0, sum = 0, squares = 0;
#pragma unroll
    for (int q = 0; q < kReduceUnroll; ++q) {
      n += present(q) ? A(1) : A(0);
      sum += present(q) ? v[q] : A(0);
    }
    const A mean = n == 0 ? A(0) : quotient(sum, n);
#pragma unroll
    for (int q = 0; q < kReduceUnroll; ++q) squares += present(q) ? (v[q] - mean) * (v[q] - mean) : A(0);
    acc = combine(acc, {n, mean, squares});
  }
  __device__ __forceinline__ static Moments<double> widen(const Moments<A>& x) { return {x.n, x.mean, x.squares}; }
};

}  // namespace
}  // namespace tilestack::cuda

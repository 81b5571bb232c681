#pragma once
// Vectors of which only the first elements may be there: at the end of a row, or where rows are not aligned to vectors.
#include "cuda/gpu.h"

namespace tilestack::gpu {

// How many elements must be there for one instruction to take all N: N, or more than there ever are.
template <int N>
TILESTACK_INLINE constexpr int whole(bool aligned) {
  return aligned ? N : 1 << 30;
}

// The first `count` of N elements at p, the others 0. `whole`: of the memory, as above.
template <int N, class T>
__device__ __forceinline__ Pack<T, N> load_first(const T* p, int count, int whole) {
  if (count >= whole) return load<N>(p);
  Pack<T, N> x;
#pragma unroll
  for (int k = 0; k < N; ++k) x[k] = k < count ? p[k] : T{};
  return x;
}

template <class T, int N>
__device__ __forceinline__ void store_first(T* p, const Pack<T, N>& x, int count, int whole) {
  if (count >= whole) return store(p, x);
#pragma unroll
  for (int k = 0; k < N; ++k)
    if (k < count) p[k] = x[k];
}

// Of a row-major matrix: vectors of N elements from the starts of its rows on.
template <int N, class T>
int whole_in_rows(const T* p, std::int64_t stride) {
  return whole<N>(stride % N == 0 && is_aligned(p, alignof(Pack<T, N>)));
}

}  // namespace tilestack::gpu

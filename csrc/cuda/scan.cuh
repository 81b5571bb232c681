#pragma once
#include "cuda/gpu.h"

namespace tilestack::gpu {

// The sum of the values of the block's earlier threads, and in `total` that of all. Blocks are of whole warps, and all
// their threads call.
template <class T>
__device__ __forceinline__ T block_scan(T value, T& total) {
  GPU_SHARED(sums, T[32]);
  T sum = value;  // up to and with this lane
#pragma unroll
  for (int distance = 1; distance < 32; distance *= 2) {
    const T other = __shfl_up_sync(0xffffffffu, sum, unsigned(distance));
    if (lane() >= distance) sum += other;
  }
  if (lane() == 31) sums[warp()] = sum;
  __syncthreads();
  T before = 0;
  total = 0;
  const int warps = block_threads() / 32;
  for (int i = 0; i < warps; ++i) {
    if (i == warp()) before = total;
    total += sums[i];
  }
  __syncthreads();
  return before + sum - value;
}

}  // namespace tilestack::gpu

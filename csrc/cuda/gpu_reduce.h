#pragma once
// Part of gpu.h: shuffles and reductions over warps and blocks, in a fixed order. Blocks are of whole warps, and all
// their threads call. T: a number, or a struct of 4-byte words.

namespace tilestack::gpu {

struct Sum {
  template <class T>
  TILESTACK_INLINE T operator()(T a, T b) const {
    return a + b;
  }
};
// NaN wins, as in the library's reductions.
struct Max {
  template <class T>
  TILESTACK_INLINE T operator()(T a, T b) const {
    return a > b || a != a ? a : b;
  }
};
struct Min {
  template <class T>
  TILESTACK_INLINE T operator()(T a, T b) const {
    return a < b || a != a ? a : b;
  }
};

template <class T>
__device__ __forceinline__ T shuffle_xor(T value, int mask GPU_SITE) {
#ifdef TILESTACK_EMULATOR
#define GPU_SHUFFLE(x) __shfl_xor_sync(0xffffffffu, x, mask, 32, site)
#else
#define GPU_SHUFFLE(x) __shfl_xor_sync(0xffffffffu, x, mask)
#endif
  if constexpr (sizeof(T) < 4) {
    std::uint32_t word = 0;
    __builtin_memcpy(&word, &value, sizeof(T));
    word = GPU_SHUFFLE(word);
    __builtin_memcpy(&value, &word, sizeof(T));
  } else if constexpr (std::is_arithmetic_v<T>) {
    value = GPU_SHUFFLE(value);
  } else {
    static_assert(sizeof(T) % 4 == 0 && std::is_trivially_copyable_v<T>);
    std::uint32_t words[sizeof(T) / 4];
    __builtin_memcpy(words, &value, sizeof(T));
#pragma unroll
    for (std::uint32_t& word : words) word = GPU_SHUFFLE(word);
    __builtin_memcpy(&value, words, sizeof(T));
  }
  return value;
#undef GPU_SHUFFLE
}

// Over groups of kWidth neighbouring lanes; every lane gets its group's result.
template <int kWidth = 32, class T, class Op>
__device__ __forceinline__ T warp_reduce(T value, Op op) {
#pragma unroll
  for (int distance = kWidth / 2; distance > 0; distance /= 2) value = op(value, shuffle_xor(value, distance));
  return value;
}
template <int kWidth = 32, class T>
__device__ __forceinline__ T warp_sum(T value) {
  return warp_reduce<kWidth>(value, Sum());
}
template <int kWidth = 32, class T>
__device__ __forceinline__ T warp_max(T value) {
  return warp_reduce<kWidth>(value, Max());
}
template <int kWidth = 32, class T>
__device__ __forceinline__ T warp_min(T value) {
  return warp_reduce<kWidth>(value, Min());
}

// Every thread of the block gets the result. Barriers before and after the use of shared memory, so calls may follow
// each other.
template <class T, class Op>
__device__ __forceinline__ T block_reduce(T value, Op op) {
  GPU_SHARED(partial, T[32]);
  value = warp_reduce(value, op);
  if (lane() == 0) partial[warp()] = value;
  __syncthreads();
  value = partial[0];
  const int warps = block_threads() / 32;
  for (int i = 1; i < warps; ++i) value = op(value, partial[i]);
  __syncthreads();
  return value;
}
template <class T>
__device__ __forceinline__ T block_sum(T value) {
  return block_reduce(value, Sum());
}
template <class T>
__device__ __forceinline__ T block_max(T value) {
  return block_reduce(value, Max());
}
template <class T>
__device__ __forceinline__ T block_min(T value) {
  return block_reduce(value, Min());
}

}  // namespace tilestack::gpu

namespace tilestack {
using gpu::block_max;
using gpu::block_min;
using gpu::block_sum;
using gpu::warp_max;
using gpu::warp_min;
using gpu::warp_sum;
}  // namespace tilestack

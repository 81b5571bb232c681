#pragma once
// Which of a warp's scores dropout leaves. A block of random numbers serves 8 keys of a query, which lie in several
// lanes: each lane draws for all of them in turn, and they exchange words. Bit i of what a thread gets is of element i
// of its accumulators (see fragments.cuh).
#include "ops/scaled_dot_product_attention/attention.cuh"

namespace tilestack::cuda {
namespace {

// Rows are queries, columns keys: the 4 lanes of a row share blocks. `key` is a multiple of 8.
template <int kCols, class T>
__device__ __forceinline__ std::uint32_t draw_for_queries(const Attention<T>& p, HeadPlace at, int query, int key) {
  static_assert(kCols % 32 == 0 && kCols <= 64);
  const int lane = static_cast<int>(threadIdx.x) % 32, mine = lane % 4;
  std::uint32_t bits = 0;
#pragma unroll 1
  for (int n = 0; n < kCols / 16; ++n) {
    const int first = n / 2 * 4, h = n % 2;
    const PhiloxWords words = p.draw(at, query + lane / 4 + h * 8, key / 8 + first + mine);
#pragma unroll
    for (int distance = 0; distance < 4; ++distance) {
      const int other = mine ^ distance;
      const std::uint32_t word = gpu::shuffle_xor(word_of(words, other), distance);
      bits |= (std::uint32_t((word & 0xffffu) >= p.below) | std::uint32_t(word >> 16 >= p.below) << 1)
              << (4 * (first + other) + 2 * h);
    }
  }
  return bits;
}

// Rows are keys, columns queries: the 8 lanes of a column share blocks. `key` is a multiple of 8.
template <int kCols, class T>
__device__ __forceinline__ std::uint32_t draw_for_keys(const Attention<T>& p, HeadPlace at, int query, int key) {
  static_assert(kCols % 16 == 0 && kCols <= 64);
  const int lane = static_cast<int>(threadIdx.x) % 32,
            mine = lane / 4;  // of 8 elements, those of two blocks of columns
  std::uint32_t bits = 0;
#pragma unroll 1
  for (int first = 0; first < kCols / 2; first += 8) {
    const int i = first + mine;
    const PhiloxWords words = p.draw(at, query + i / 4 * 8 + lane % 4 * 2 + i % 2, key / 8 + i / 2 % 2);
#pragma unroll
    for (int distance = 0; distance < 8; ++distance) {
      const int other = mine ^ distance;
      const std::uint32_t word = gpu::shuffle_xor(word_of(words, other / 2), 4 * distance);
      bits |= std::uint32_t((mine % 2 ? word >> 16 : word & 0xffffu) >= p.below) << (first + other);
    }
  }
  return bits;
}

}  // namespace
}  // namespace tilestack::cuda

#pragma once
// Accumulators of products, as mma (16 rows of a warp) and wgmma (16 rows of each warp of a warpgroup) leave them: of
// each 8 columns a thread holds two neighbours in a row, and two 8 rows on.
#include "cuda/gpu.h"

namespace tilestack::cuda {
namespace {

// Where a thread's elements stand: f(element, 0 or 1: which of its rows, row of the warp's 16, column).
template <int kCols, class F>
__device__ __forceinline__ void each_element(F&& f) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
#pragma unroll
  for (int j = 0; j < kCols / 8; ++j)
#pragma unroll
    for (int i = 0; i < 4; ++i) f(4 * j + i, i / 2, lane / 4 + i / 2 * 8, j * 8 + lane % 4 * 2 + i % 2);
}

// Two floats rounded to T.
template <class T>
__device__ __forceinline__ std::uint32_t pack_pair(float low, float high) {
  return __is_same(T, bfloat16) ? ptx::pack_bf16(low, high) : ptx::pack_f16(low, high);
}

// 16 columns, from the pointer's first on, as the left operand of a product over them.
template <class T>
__device__ __forceinline__ void pack_left(std::uint32_t (&left)[4], const float* d) {
#pragma unroll
  for (int i = 0; i < 4; ++i) left[i] = pack_pair<T>(d[2 * i], d[2 * i + 1]);
}

constexpr int kStrip = 64;  // columns that leave at a time: a line of 128 bytes

// A warpgroup's 64 rows of a strip into a box for TMA: lines of 128 bytes, swizzled.
template <class T>
__device__ __forceinline__ void stage_strip(T* box, const float* d) {
  const int lane = static_cast<int>(threadIdx.x) % 32, line = static_cast<int>(threadIdx.x) % 128 / 32 * 16 + lane % 16;
#pragma unroll
  for (int j = 0; j < kStrip / 16; ++j) {
    std::uint32_t r[4];
    pack_left<T>(r, d + 8 * j);
    ptx::stmatrix<4>(box + line * kStrip + ((2 * j + lane / 16) ^ line % 8) * 8, r);
  }
}

}  // namespace
}  // namespace tilestack::cuda

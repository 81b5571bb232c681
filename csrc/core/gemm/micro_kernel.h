#pragma once
// The innermost product: a tile of C in registers. Only gemm_cpu.cpp calls it; others see the size of a tile.
#include <utility>

#include "core/vec.h"

namespace tilestack::TILESTACK_ISA {
namespace {

// As many rows as leave registers for one row of B and one element of A.
#if defined(__AVX512F__)
constexpr int kTileRows = 14;
#elif defined(__aarch64__)
constexpr int kTileRows = 12;
#else
constexpr int kTileRows = 6;
#endif
constexpr int kTileVectors = 2;
template <class T>
constexpr int kTileCols = kTileVectors * kLanes<T>;
template <class T>
constexpr int kTileSize = kTileRows * kTileCols<T>;

// Rows of A: row r at depth k is data[r * row_step + k * depth_step].
template <class T>
struct Strip {
  const T* data;
  std::int64_t row_step, depth_step;
};

// Depth that comes in `count` runs of steps: where each begins in A and in B.
struct Runs {
  std::int64_t count = 1, a_step = 0, b_step = 0;
};

template <class T, bool kPairs>
constexpr bool kHasRuns = sizeof(T) == 4 && !kPairs;  // which other products do without

// sum + a b, where kPairs means that a float holds two bfloat16 whose products are both added. That instruction is an
// addition to AVX-512 for which this file is not compiled; as assembly it can be inlined nevertheless.
template <bool kPairs, class V>
TILESTACK_INLINE V add_product(V a, V b, V sum) {
#if defined(__AVX512F__)
  if constexpr (kPairs) {
    asm("vdpbf16ps %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b));
    return sum;
  }
#endif
  return fma(a, b, sum);
}

// Where the sums of a tile go, and what is added to them, if anything: sums before that, a bias.
template <class T>
struct TileSums {
  T* data;
  std::int64_t row_step;
  const T* start;
  std::int64_t start_step;
};

// sums = A B + start.   a: Rows rows   b: rows of Vectors vectors, b_step apart   depth: of a run
// A block of depth is summed by itself, which keeps rounding errors of long sums small. i counts the vectors of the
// tile: indices that are constant to begin with keep the sums in registers all the way.
template <class T, bool kPairs, int Rows, int Vectors, int... i>
TILESTACK_INLINE void multiply_vectors(std::int64_t depth, Strip<T> a, const T* b, std::int64_t b_step,
                                       TileSums<T> sums, Runs runs, std::integer_sequence<int, i...>) {
  // An address has room for one product of a step: three rows hang on each pointer.
  constexpr int kGroups = (Rows + 2) / 3, L = kLanes<T>;
  Vec<T> sum[] = {(void(i), Vec<T>{})...};
#pragma GCC unroll 1
  for (std::int64_t run = 0; run < (kHasRuns<T, kPairs> ? runs.count : 1); ++run) {
    const T* group[kGroups];
    for (int g = 0; g < kGroups; ++g) group[g] = a.data + run * runs.a_step + 3 * g * a.row_step;
    const T* at = b + run * runs.b_step;
#pragma GCC unroll 1
    for (std::int64_t k = 0; k < depth; ++k) {
      ((sum[i] = add_product<kPairs>(splat(group[i / Vectors / 3][i / Vectors % 3 * a.row_step]),
                                     load(at + i % Vectors * L), sum[i])),
       ...);
      for (int g = 0; g < kGroups; ++g) group[g] += a.depth_step;
      at += b_step;
    }
  }
  if (sums.start) ((sum[i] += load(sums.start + i / Vectors * sums.start_step + i % Vectors * L)), ...);
  (store(sums.data + i / Vectors * sums.row_step + i % Vectors * L, sum[i]), ...);
}

template <class T, bool kPairs, int Rows, int Vectors>
void multiply_tile(std::int64_t depth, Strip<T> a, const T* b, std::int64_t b_step, TileSums<T> sums, Runs runs) {
  multiply_vectors<T, kPairs, Rows, Vectors>(depth, a, b, b_step, sums, runs,
                                             std::make_integer_sequence<int, Rows * Vectors>());
}

template <class T>
using TileKernel = void (*)(std::int64_t depth, Strip<T> a, const T* b, std::int64_t b_step, TileSums<T> sums,
                            Runs runs);

template <class T, bool kPairs, int... I>
TILESTACK_INLINE TileKernel<T> pick_tile_kernel(std::int64_t rows, bool narrow, std::integer_sequence<int, I...>) {
  static constexpr TileKernel<T> kernels[2][kTileRows] = {{multiply_tile<T, kPairs, I + 1, kTileVectors>...},
                                                          {multiply_tile<T, kPairs, I + 1, 1>...}};
  return kernels[narrow][rows - 1];
}

// For edges of C: a tile of few rows or of one vector takes as little time as it can.
template <class T>
TILESTACK_INLINE TileKernel<T> tile_kernel([[maybe_unused]] bool pairs, std::int64_t rows, std::int64_t cols) {
  constexpr std::make_integer_sequence<int, kTileRows> numbers;
  const bool narrow = cols <= kLanes<T>;
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4)
    if (pairs) return pick_tile_kernel<T, true>(rows, narrow, numbers);
#endif
  return pick_tile_kernel<T, false>(rows, narrow, numbers);
}

}  // namespace
}  // namespace tilestack::TILESTACK_ISA

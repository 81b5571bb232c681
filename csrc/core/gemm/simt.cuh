#pragma once
// Products by ordinary multiply-adds: exact float32 and float64, and everything that the tensor cores don't take.
#include "core/gemm/epilogue.cuh"
#include "core/gemm/loader.cuh"
#include "cuda/tuning.h"

namespace tilestack::cuda {
namespace {

// A tile of kRows x kCols, of which each thread has kThreadRows x kThreadCols in blocks of 4 x 4. A warp is 4 x 8
// threads.
template <int kRowsOfTile, int kColsOfTile, int kRowsOfThread, int kColsOfThread, bool kOnlyVectors = false>
struct SimtTile {
  static constexpr bool kVectorsOnly = kOnlyVectors;  // for operands that are loaded in vectors: spares registers
  static constexpr int kRows = kRowsOfTile, kCols = kColsOfTile;
  static constexpr int kThreadRows = kRowsOfThread, kThreadCols = kColsOfThread;
  static constexpr int kThreads = kRows * kCols / (kThreadRows * kThreadCols);
  static constexpr int kWarpRows = 4 * kThreadRows, kWarpCols = 8 * kThreadCols;
};
using LargeTile = SimtTile<128, 128, 8, 8, true>;
using MediumTile = SimtTile<64, 64, 8, 4>;
using SmallTile = SimtTile<32, 32, 4, 4>;

template <class T, class Tile>
struct SimtShared {
  static constexpr int kStaged = Tile::kRows * 4 / Tile::kThreadRows;  // rows of one block of 4 of each thread
  union {
    struct {
      alignas(16) StepLine<T, Tile::kRows> a[2][kStep];
      alignas(16) StepLine<T, Tile::kCols> b[2][kStep];
    };
    T sums[kStaged][Tile::kCols];
  };
  Place a_rows[Tile::kRows], b_rows[Tile::kCols];
  Task task;  // kept here, so that registers are free for the sums
  BatchOffset offset;
};

template <class T, class Tile>
struct SimtFragments {
  Quad<T> a[Tile::kThreadRows / 4], b[Tile::kThreadCols / 4];

  __device__ __forceinline__ void load(const SimtShared<T, Tile>& shared, int stage, int k, int row, int col) {
#pragma unroll
    for (int i = 0; i < Tile::kThreadRows / 4; ++i) a[i] = gpu::load<4>(&shared.a[stage][k][row + i * 16]);
#pragma unroll
    for (int j = 0; j < Tile::kThreadCols / 4; ++j) b[j] = gpu::load<4>(&shared.b[stage][k][col + j * 32]);
  }
};

// S: how operands are stored; T: what is multiplied and summed.
template <class S, class T, class Tile>
__global__ __launch_bounds__(Tile::kThreads,
                             GPU_TIGHT_OCCUPANCY((sizeof(T) == 8 ? 256 : 512) /
                                                 Tile::kThreads)) void simt_kernel(const __grid_constant__ Product p) {
  constexpr int kThreadRows = Tile::kThreadRows, kThreadCols = Tile::kThreadCols, kThreads = Tile::kThreads;
  auto& shared = gpu::dyn_shared<SimtShared<T, Tile>>();
  const Task task = task_of<Tile::kRows, Tile::kCols>(p, blockIdx.x);
  const BatchOffset offset = p.batch.at(task.batch);
  if (threadIdx.x == 0) {
    shared.task = task;
    shared.offset = offset;
  }
  const int thread = threadIdx.x, lane = thread % 32, warp = thread / 32;
  constexpr int kWarpsAcross = Tile::kCols / Tile::kWarpCols;
  const int row = warp / kWarpsAcross * Tile::kWarpRows + lane / 8 * 4;
  const int col = warp % kWarpsAcross * Tile::kWarpCols + lane % 8 * 4;

  Loader<S, T, Tile::kRows, kThreads, Tile::kVectorsOnly> a(p.a, offset.a, task.row, task.k_begin, shared.a_rows);
  Loader<S, T, Tile::kCols, kThreads, Tile::kVectorsOnly> b(p.b, offset.b, task.col, task.k_begin, shared.b_rows);
  const auto begin = static_cast<std::uint32_t>(task.k_begin);
  const int depth = static_cast<int>(task.k_end - task.k_begin), steps = gpu::ceil_div(depth, kStep);
  T sum[kThreadRows][kThreadCols] = {};
  __syncthreads();
  if (steps > 0) {
    a.fetch(0, begin, depth);
    b.fetch(0, begin, depth);
    a.put(shared.a[0]);
    b.put(shared.b[0]);
  }
  __syncthreads();
  for (int step = 0; step < steps; ++step) {
    const int stage = step % 2;
    if (step + 1 < steps) {
      a.fetch((step + 1) * kStep, begin, depth);
      b.fetch((step + 1) * kStep, begin, depth);
    }
#pragma unroll
    for (int k = 0; k < kStep; ++k) {
      SimtFragments<T, Tile> now;
      now.load(shared, stage, k, row, col);
#pragma unroll
      for (int i = 0; i < kThreadRows; ++i)
#pragma unroll
        for (int j = 0; j < kThreadCols; ++j) sum[i][j] += now.a[i / 4][i % 4] * now.b[j / 4][j % 4];
    }
    if (step + 1 < steps) {
      a.put(shared.a[1 - stage]);
      b.put(shared.b[1 - stage]);
    }
    __syncthreads();
  }

  // Row i of block q of a warp is row 16 q + i of its part of the tile.
#pragma unroll
  for (int q = 0; q < kThreadRows / 4; ++q) {
    const int staged_row = warp / kWarpsAcross * 16 + lane / 8 * 4;
#pragma unroll
    for (int i = 0; i < 4; ++i)
#pragma unroll
      for (int j = 0; j < kThreadCols; j += 4) {
        const T* from = &sum[4 * q + i][j];
        gpu::store(&shared.sums[staged_row + i][col + j * 8], Quad<T>{from[0], from[1], from[2], from[3]});
      }
    __syncthreads();
    write_staged<Tile::kCols, Tile::kCols, kThreads>(p, shared.task, shared.offset, shared.sums[0], shared.kStaged,
                                                     thread,
                                                     [&](int i) { return i / 16 * Tile::kWarpRows + q * 16 + i % 16; });
    __syncthreads();
  }
}

}  // namespace
}  // namespace tilestack::cuda

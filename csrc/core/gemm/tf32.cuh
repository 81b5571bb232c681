#pragma once
// Products of float32 operands rounded to tf32, 10 bits of mantissa, by the tensor cores of sm_80 and later. They are
// loaded as for ordinary products, in any order, and rounded on their way to shared memory.
#include "core/gemm/epilogue.cuh"
#include "core/gemm/loader.cuh"

namespace tilestack::cuda {
namespace {

// A tile of kSize x kSize by warps of kWarpRows x 32.
template <int kSizeOfTile, int kRowsOfWarp>
struct Tf32Tile {
  static constexpr int kSize = kSizeOfTile, kWarpRows = kRowsOfWarp, kWarpCols = 32;
  static constexpr int kWarpsDown = kSize / kWarpRows, kWarpsAcross = kSize / kWarpCols;
  static constexpr int kThreads = kWarpsDown * kWarpsAcross * 32;
  static constexpr int kPitch = kSize + 8;  // of the sums, in floats: no bank conflicts
};
using LargeTf32 = Tf32Tile<128, 64>;
using SmallTf32 = Tf32Tile<64, 32>;

template <class Tile>
struct Tf32Shared {
  union {
    struct {
      alignas(16) StepLine<Tf32, Tile::kSize> a[2][kStep];
      alignas(16) StepLine<Tf32, Tile::kSize> b[2][kStep];
    };
    float sums[Tile::kWarpsDown * 16][Tile::kPitch];  // 16 rows of each warp
  };
  Place a_rows[Tile::kSize], b_rows[Tile::kSize];
};

// sum += the products of a step: of 16 x 8 blocks of a warp's part of the tile, which begins at (row, col).
template <class Tile, int kDown, int kAcross>
__device__ __forceinline__ void multiply_step(float (&sum)[kDown][kAcross][4], const StepLine<Tf32, Tile::kSize>* a,
                                              const StepLine<Tf32, Tile::kSize>* b, int row, int col) {
  const int g = gpu::lane() / 4, t = gpu::lane() % 4;
#pragma unroll
  for (int k = t; k < kStep; k += 8) {
    std::uint32_t left[kDown][4], right[kAcross][2];
#pragma unroll
    for (int i = 0; i < kDown; ++i)
#pragma unroll
      for (int e = 0; e < 4; ++e) left[i][e] = a[k + e / 2 * 4][row + i * 16 + g + e % 2 * 8].bits;
#pragma unroll
    for (int j = 0; j < kAcross; ++j)
#pragma unroll
      for (int e = 0; e < 2; ++e) right[j][e] = b[k + e * 4][col + j * 8 + g].bits;
#pragma unroll
    for (int i = 0; i < kDown; ++i)
#pragma unroll
      for (int j = 0; j < kAcross; ++j) ptx::mma_tf32(sum[i][j], left[i], right[j]);
  }
}

template <class Tile>
__global__ __launch_bounds__(Tile::kThreads, 512 / Tile::kThreads) void tf32_kernel(const __grid_constant__ Product p) {
  constexpr int kSize = Tile::kSize, kThreads = Tile::kThreads, kDown = Tile::kWarpRows / 16, kAcross = 4;
  auto& shared = gpu::dyn_shared<Tf32Shared<Tile>>();
  const Task task = task_of<kSize, kSize>(p, blockIdx.x);
  const BatchOffset offset = p.batch.at(task.batch);
  const int thread = threadIdx.x, lane = thread % 32, warp = thread / 32;
  const int down = warp / Tile::kWarpsAcross, row = down * Tile::kWarpRows;
  const int col = warp % Tile::kWarpsAcross * Tile::kWarpCols;

  Loader<float, Tf32, kSize, kThreads, false> a(p.a, offset.a, task.row, task.k_begin, shared.a_rows);
  Loader<float, Tf32, kSize, kThreads, false> b(p.b, offset.b, task.col, task.k_begin, shared.b_rows);
  const auto begin = static_cast<std::uint32_t>(task.k_begin);
  const int depth = static_cast<int>(task.k_end - task.k_begin), steps = gpu::ceil_div(depth, kStep);
  float sum[kDown][kAcross][4] = {};
  __syncthreads();
  if (steps > 0) {
    a.fetch(0, begin, depth);
    b.fetch(0, begin, depth);
    a.put(shared.a[0]);
    b.put(shared.b[0]);
  }
  __syncthreads();
#pragma unroll 1
  for (int step = 0; step < steps; ++step) {
    const int stage = step % 2;
    if (step + 1 < steps) {
      a.fetch((step + 1) * kStep, begin, depth);
      b.fetch((step + 1) * kStep, begin, depth);
    }
    multiply_step<Tile>(sum, shared.a[stage], shared.b[stage], row, col);
    if (step + 1 < steps) {
      a.put(shared.a[1 - stage]);
      b.put(shared.b[1 - stage]);
    }
    __syncthreads();
  }

#pragma unroll
  for (int i = 0; i < kDown; ++i) {
#pragma unroll
    for (int j = 0; j < kAcross; ++j)
#pragma unroll
      for (int h = 0; h < 2; ++h)
        gpu::store(&shared.sums[down * 16 + lane / 4 + h * 8][col + j * 8 + lane % 4 * 2],
                   gpu::Pack<float, 2>{sum[i][j][2 * h], sum[i][j][2 * h + 1]});
    __syncthreads();
    write_staged<kSize, Tile::kPitch, kThreads>(p, task, offset, shared.sums[0], Tile::kWarpsDown * 16, thread,
                                                [&](int r) { return r / 16 * Tile::kWarpRows + i * 16 + r % 16; });
    __syncthreads();
  }
}

}  // namespace
}  // namespace tilestack::cuda

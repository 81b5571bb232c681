#pragma once
// Products of 16-bit floats by the tensor cores of sm_80 and later: cp.async brings tiles into a ring of stages,
// ldmatrix and mma.sync multiply them.
#include "core/gemm/epilogue.cuh"

namespace tilestack::cuda {
namespace {

constexpr int kMmaDepth = 32, kMmaThreads = 128, kChunk = 8;  // elements of 16 bytes

// A tile of kRows x kCols by four warps.
template <int kRowsOfTile, int kColsOfTile, int kStagesOfRing>
struct MmaTile {
  static constexpr int kRows = kRowsOfTile, kCols = kColsOfTile, kStages = kStagesOfRing;
  static constexpr int kWarpRows = kRows / 2, kWarpCols = kCols / 2;
  static constexpr int kPitch = kCols + 8;  // of the sums, in floats: no bank conflicts
};
using LargeMma = MmaTile<128, 128, 4>;
using SmallMma = MmaTile<64, 64, 4>;

// An operand's tile of one step in shared memory: lines of the depth for each row, or lines of rows for each depth.
// 16-byte chunks are permuted so that ldmatrix meets no bank twice.
template <class T, int kRows, bool kAlongDepth>
struct MmaStage {
  static constexpr int kLines = kAlongDepth ? kRows : kMmaDepth, kChunks = (kAlongDepth ? kMmaDepth : kRows) / kChunk;
  T at[kLines][kChunks * kChunk];

  __device__ __forceinline__ T* chunk(int line, int chunk) {
    return &at[line][(chunk ^ (kAlongDepth ? line / 2 % 4 : line % 8)) * kChunk];
  }
  // 16 rows from `row` on and 16 of the depth from `k` on, as A of mma; kSwapped: as B of two of them.
  template <bool kSwapped>
  __device__ __forceinline__ void fragment(std::uint32_t (&r)[4], int row, int k, int lane) {
    // The four 8x8 matrices: A's are ordered by rows first, B's by depth first.
    const int row_block = kSwapped ? lane / 16 : lane / 8 % 2, depth_block = kSwapped ? lane / 8 % 2 : lane / 16;
    if constexpr (kAlongDepth) {
      ptx::ldmatrix<4>(r, chunk(row + row_block * 8 + lane % 8, k / kChunk + depth_block));
    } else {
      ptx::ldmatrix<4, true>(r, chunk(k + depth_block * 8 + lane % 8, row / kChunk + row_block));
    }
  }
};

template <class T, int kRows, bool kAlongDepth>
struct MmaLoader {
  using Stage = MmaStage<T, kRows, kAlongDepth>;
  static constexpr int kEachThread = Stage::kLines * Stage::kChunks / kMmaThreads;
  static constexpr int kLineStep = kMmaThreads / Stage::kChunks;

  const Operand& operand;
  const T* data;
  int line, chunk;
  Place rows[kAlongDepth ? kEachThread : 1];

  __device__ __forceinline__ MmaLoader(const Operand& operand, std::int64_t offset, std::int64_t first,
                                       std::int64_t begin)
      : operand(operand),
        data(static_cast<const T*>(operand.data) + offset + operand.slice_offset(begin)),
        line(threadIdx.x / Stage::kChunks),
        chunk(threadIdx.x % Stage::kChunks) {
    if constexpr (kAlongDepth) {
#pragma unroll
      for (int j = 0; j < kEachThread; ++j) rows[j] = operand.row(first + line + j * kLineStep);
    } else {
      rows[0] = operand.row(first + chunk * kChunk);
    }
  }
  // From k on, of a slice that begins at `begin` and is `depth` deep.
  __device__ __forceinline__ void fetch(Stage& to, int k, std::uint32_t begin, int depth) const {
    Place column;
    if constexpr (kAlongDepth) column = operand.column(k + chunk * kChunk, begin, depth);
#pragma unroll
    for (int j = 0; j < kEachThread; ++j) {
      if constexpr (!kAlongDepth) column = operand.column(k + line + j * kLineStep, begin, depth);
      const Place& row = rows[kAlongDepth ? j : 0];
      const bool inside = operand.inside(row, column);
      ptx::cp_async<16>(to.chunk(line + j * kLineStep, chunk), inside ? data + row.offset + column.offset : data,
                        inside ? 16 : 0);
    }
  }
};

template <class T, class Tile, bool kADepth, bool kBDepth>
struct MmaShared {
  union {
    struct {
      alignas(128) MmaStage<T, Tile::kRows, kADepth> a[Tile::kStages];
      alignas(128) MmaStage<T, Tile::kCols, kBDepth> b[Tile::kStages];
    };
    float sums[Tile::kRows][Tile::kPitch];
  };
};

// kADepth, kBDepth: the operand's vectors are along the depth, else along rows.
template <class T, class Tile, bool kADepth, bool kBDepth>
__global__ __launch_bounds__(kMmaThreads, 2) void mma_kernel(const __grid_constant__ Product p) {
  constexpr int kStages = Tile::kStages, kBlocksDown = Tile::kWarpRows / 16, kBlocksAcross = Tile::kWarpCols / 8;
  auto& shared = gpu::dyn_shared<MmaShared<T, Tile, kADepth, kBDepth>>();
  const Task task = task_of<Tile::kRows, Tile::kCols>(p, blockIdx.x);
  const BatchOffset offset = p.batch.at(task.batch);
  const int thread = threadIdx.x, lane = thread % 32, warp = thread / 32;
  const int warp_row = warp / 2 * Tile::kWarpRows, warp_col = warp % 2 * Tile::kWarpCols;

  const MmaLoader<T, Tile::kRows, kADepth> a(p.a, offset.a, task.row, task.k_begin);
  const MmaLoader<T, Tile::kCols, kBDepth> b(p.b, offset.b, task.col, task.k_begin);
  const auto begin = static_cast<std::uint32_t>(task.k_begin);
  const int depth = static_cast<int>(task.k_end - task.k_begin), steps = gpu::ceil_div(depth, kMmaDepth);
  const auto fetch = [&](int step) {
    if (step < steps) {
      a.fetch(shared.a[step % kStages], step * kMmaDepth, begin, depth);
      b.fetch(shared.b[step % kStages], step * kMmaDepth, begin, depth);
    }
    ptx::cp_async_commit();
  };

  float sum[kBlocksDown][kBlocksAcross][4] = {};
#pragma unroll
  for (int step = 0; step < kStages - 1; ++step) fetch(step);
#pragma unroll 1
  for (int step = 0; step < steps; ++step) {
    ptx::cp_async_wait<kStages - 2>();
    __syncthreads();
    fetch(step + kStages - 1);
    auto& x = shared.a[step % kStages];
    auto& y = shared.b[step % kStages];
#pragma unroll
    for (int k = 0; k < kMmaDepth; k += 16) {
      std::uint32_t left[kBlocksDown][4], right[kBlocksAcross / 2][4];
#pragma unroll
      for (int i = 0; i < kBlocksDown; ++i) x.template fragment<false>(left[i], warp_row + i * 16, k, lane);
#pragma unroll
      for (int j = 0; j < kBlocksAcross / 2; ++j) y.template fragment<true>(right[j], warp_col + j * 16, k, lane);
#pragma unroll
      for (int i = 0; i < kBlocksDown; ++i)
#pragma unroll
        for (int j = 0; j < kBlocksAcross; ++j) {
          const std::uint32_t pair[2] = {right[j / 2][j % 2 * 2], right[j / 2][j % 2 * 2 + 1]};
          ptx::mma<T>(sum[i][j], left[i], pair);
        }
    }
  }

  ptx::cp_async_wait_all();
  __syncthreads();
#pragma unroll
  for (int i = 0; i < kBlocksDown; ++i)
#pragma unroll
    for (int j = 0; j < kBlocksAcross; ++j)
#pragma unroll
      for (int h = 0; h < 2; ++h) {
        const int row = warp_row + i * 16 + lane / 4 + h * 8, col = warp_col + j * 8 + lane % 4 * 2;
        gpu::store(&shared.sums[row][col], gpu::Pack<float, 2>{sum[i][j][2 * h], sum[i][j][2 * h + 1]});
      }
  __syncthreads();
  write_staged<Tile::kCols, Tile::kPitch, kMmaThreads>(p, task, offset, shared.sums[0], Tile::kRows, thread,
                                                       [](int i) { return i; });
}

}  // namespace
}  // namespace tilestack::cuda

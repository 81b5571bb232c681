#pragma once
// Products of 16-bit floats on Hopper: one warp brings tiles by TMA into a ring of stages, two warpgroups multiply them
// by wgmma. Blocks stay for many tiles; pairs of blocks in a cluster share the tiles of B by multicast.
#include "core/gemm/epilogue.cuh"
#include "cuda/fragments.cuh"
#include "cuda/ring.cuh"

namespace tilestack::cuda {
namespace {

constexpr int kWgmmaDepth = 64, kWgmmaThreads = 384;

template <int kColsOfTile, int kBlocksOfCluster>
struct WgmmaTile {
  static constexpr int kRows = 128, kCols = kColsOfTile, kCluster = kBlocksOfCluster, kStages = 4;
};
using LargeWgmma = WgmmaTile<256, 2>;
using SmallWgmma = WgmmaTile<128, 1>;

// An operand's tile in shared memory is of parts, each one box of TMA with lines of 128 bytes, swizzled: 128 rows with
// lines along the depth, or 64 with lines along the rows.
template <bool kAlongDepth>
constexpr int kPartRows = kAlongDepth ? 128 : 64;

template <class T, class Tile>
struct WgmmaShared {
  alignas(1024) T a[Tile::kStages][Tile::kRows * kWgmmaDepth];
  alignas(1024) T b[Tile::kStages][Tile::kCols * kWgmmaDepth];
  union {
    alignas(1024) T boxes[2][2][64 * kStrip];  // of each warpgroup, for TMA: one leaves while the next is written
    float sums[8][16 * kStrip];                // of each warp
  };
  alignas(8) std::uint64_t full[Tile::kStages], empty[Tile::kStages];
};

// What TMA needs to know of C; it stores where nothing but a conversion is to be done.
struct WgmmaOutput {
  gpu::TensorMap map;
  bool direct;
};

// One part, from `row` on and from k on. With `mask` it goes to those blocks of the cluster.
template <bool kAlongDepth>
__device__ __forceinline__ void load_part(const Operand& x, const gpu::TensorMap* map, void* to, std::uint64_t* full,
                                          std::int64_t row, std::int64_t k, int batch, int mask) {
  if (x.rows.strided) {
    const int across = static_cast<int>(row), along = static_cast<int>(k);
    const int at[3] = {kAlongDepth ? along : across, kAlongDepth ? across : along, batch};
    mask ? ptx::tma_load_multicast<3>(to, map, full, at, static_cast<std::uint16_t>(mask))
         : ptx::tma_load<3>(to, map, full, at);
    return;
  }
  const Axis& windows = kAlongDepth ? x.rows : x.depth;
  const Axis& taps = kAlongDepth ? x.depth : x.rows;
  auto image = static_cast<std::uint32_t>(kAlongDepth ? row : k),
       tap = static_cast<std::uint32_t>(kAlongDepth ? k : row);
  if (tap >= taps.size) tap = 0;  // beyond the last tap: what is not stored
  const std::uint32_t j = windows.last.split(image), i = windows.middle.split(image);
  const std::uint32_t channel = taps.last.split(tap), across = taps.middle.split(tap);
  const int at[4] = {static_cast<int>(channel), static_cast<int>(windows.x + j * windows.step_x[1]),
                     static_cast<int>(windows.y + i * windows.step_y[1]), static_cast<int>(image)};
  ptx::tma_load_im2col(to, map, full, at, static_cast<int>(across * taps.step_x[0]),
                       static_cast<int>(tap * taps.step_y[0]));
}

// The parts of an operand's tile. Blocks that share the tile load a part of it each, for all.
template <class T, bool kAlongDepth, int kTileRows, int kSharers>
__device__ __forceinline__ void load_tile(const Operand& x, const gpu::TensorMap* map, T* to, std::uint64_t* full,
                                          std::int64_t row, std::int64_t k, int batch, int rank) {
  constexpr int kRows = kPartRows<kAlongDepth>, kParts = kTileRows / kRows;
  const bool shares = kSharers > 1 && x.rows.strided;
#pragma unroll
  for (int part = 0; part < kParts; ++part) {
    if (shares && part / (kParts / kSharers) != rank) continue;
    load_part<kAlongDepth>(x, map, to + part * kRows * kWgmmaDepth, full, row + part * kRows, k, batch,
                           shares ? (1 << kSharers) - 1 : 0);
  }
}

// The descriptor of 16 of the depth, from 16 k on, of the rows from `row` on.
template <bool kAlongDepth, class T>
__device__ __forceinline__ std::uint64_t descriptor(const T* tile, int row, int k) {
  if constexpr (kAlongDepth)
    return ptx::matrix_descriptor(tile + row * kWgmmaDepth + k * 16, gpu::Swizzle::bytes128, 0, 1024);
  return ptx::matrix_descriptor(tile + row * kWgmmaDepth + k * 16 * 64, gpu::Swizzle::bytes128, 64 * kWgmmaDepth * 2,
                                1024);
}

// A strip of a warp's 16 rows through shared memory: whole rows for the epilogue.
__device__ __forceinline__ void write_strip(const Product& p, const Task& task, const BatchOffset& offset,
                                            float* staged, const float* d, std::int64_t row, std::int64_t col) {
  const int lane = gpu::lane();
  __syncwarp();
#pragma unroll
  for (int j = 0; j < kStrip / 8; ++j)
#pragma unroll
    for (int h = 0; h < 2; ++h) {
      const int line = lane / 4 + 8 * h, column = (8 * j + lane % 4 * 2) ^ line % 4 * 8;
      gpu::store(staged + line * kStrip + column, gpu::Pack<float, 2>{d[4 * j + 2 * h], d[4 * j + 2 * h + 1]});
    }
  __syncwarp();
#pragma unroll 1
  for (int v = lane; v < 16 * kStrip / 4; v += 32) {
    const int line = v / (kStrip / 4), column = v % (kStrip / 4) * 4;
    write_quad(p, task, offset, row + line, col + column,
               gpu::load<4>(staged + line * kStrip + (column ^ line % 4 * 8)));
  }
}

// The same of a warpgroup's 64 rows by TMA, converted. `box` is free once the store before the last one has read it.
template <class T>
__device__ __forceinline__ void store_strip(const gpu::TensorMap* map, T* box, const float* d, int group, int row,
                                            int col, int batch) {
  const bool leader = threadIdx.x % 128 == 0;
  if (leader) ptx::bulk_wait_read<1>();
  ptx::barrier_sync(1 + group, 128);
  stage_strip(box, d);
  ptx::fence_proxy_async();
  ptx::barrier_sync(1 + group, 128);
  if (leader) {
    ptx::tma_store<3>(map, box, {col, row, batch});
    ptx::bulk_commit();
  }
}

// kADepth, kBDepth: the operand's lines are along the depth, else along its rows.
template <class T, class Tile, bool kADepth, bool kBDepth>
__global__ __launch_bounds__(kWgmmaThreads, 1) void wgmma_kernel(const __grid_constant__ gpu::TensorMap a_map,
                                                                 const __grid_constant__ gpu::TensorMap b_map,
                                                                 const __grid_constant__ WgmmaOutput c,
                                                                 const __grid_constant__ Product p,
                                                                 std::uint32_t tasks) {
  constexpr int kStages = Tile::kStages, kCluster = Tile::kCluster, kRows = Tile::kRows, kCols = Tile::kCols;
  auto& shared = gpu::dyn_shared<WgmmaShared<T, Tile>>();
  const int group = threadIdx.x / 128, rank = kCluster > 1 ? ptx::cluster_rank() : 0;
  if (threadIdx.x == 0) {
    for (int i = 0; i < kStages; ++i) {
      ptx::mbarrier_init(&shared.full[i], 1);
      ptx::mbarrier_init(&shared.empty[i], 8 * kCluster);  // each consumer warp of each block
    }
    ptx::fence_barrier_init();
  }
  if constexpr (kCluster > 1) {
    ptx::cluster_sync();
  } else {
    __syncthreads();
  }
  const std::uint32_t first = blockIdx.x / kCluster, stride = gridDim.x / kCluster;
  RingPosition<kStages> at;

  if (group == 0) {
    ptx::registers_decrease<40>();
    if (threadIdx.x == 0) {
      for (std::uint32_t index = first; index < tasks; index += stride) {
        const Task task = task_of<kRows * kCluster, kCols>(p, index);
        const int batch = static_cast<int>(task.batch);
        for (std::int64_t k = task.k_begin; k < task.k_end; k += kWgmmaDepth, at.advance()) {
          ptx::mbarrier_wait_cluster(&shared.empty[at.slot], at.phase ^ 1);
          std::uint64_t* full = &shared.full[at.slot];
          ptx::mbarrier_arrive_expect_tx(full, (kRows + kCols) * kWgmmaDepth * 2);
          load_tile<T, kADepth, kRows, 1>(p.a, &a_map, shared.a[at.slot], full, task.row + rank * kRows, k,
                                          p.batch.a[0] ? batch : 0, rank);
          load_tile<T, kBDepth, kCols, kCluster>(p.b, &b_map, shared.b[at.slot], full, task.col, k,
                                                 p.batch.b[0] ? batch : 0, rank);
        }
      }
    }
  } else {
    ptx::registers_increase<232>();
    constexpr ptx::Major kA = kADepth ? ptx::Major::k : ptx::Major::mn, kB = kBDepth ? ptx::Major::k : ptx::Major::mn;
    const int consumer = group - 1, warp = threadIdx.x % 128 / 32, lane = gpu::lane();
    const auto release = [&](int slot) {
      if (lane < kCluster) ptx::mbarrier_arrive_remote(&shared.empty[slot], lane);
    };
    for (std::uint32_t index = first; index < tasks; index += stride) {
      const Task task = task_of<kRows * kCluster, kCols>(p, index);
      float sum[kCols / 2];
      const int steps = static_cast<int>(gpu::ceil_div(task.k_end - task.k_begin, kWgmmaDepth));
      int before = 0, step = 0;
      do {  // there is one: otherwise ptxas would see sums that no product made, and let products wait for each other
        ptx::mbarrier_wait_cluster(&shared.full[at.slot], at.phase);
        ptx::wgmma_fence();
#pragma unroll
        for (int k = 0; k < kWgmmaDepth / 16; ++k)
          ptx::wgmma<T, kA, kB>(sum, descriptor<kADepth>(shared.a[at.slot], consumer * 64, k),
                                descriptor<kBDepth>(shared.b[at.slot], 0, k), step > 0 || k > 0);
        ptx::wgmma_commit();
        ptx::wgmma_wait<1>();
        if (step > 0) release(before);
        before = at.slot;
        at.advance();
      } while (++step < steps);
      ptx::wgmma_wait<0>();
      ptx::hold_registers(sum);
      release(before);
      const std::int64_t row = task.row + rank * kRows + consumer * 64;
      const BatchOffset offset = p.batch.at(task.batch);
      // The next strip moves to the front of the registers, so that there is one copy of what writes it out.
#pragma unroll 1
      for (int s = 0; s < kCols / kStrip; ++s) {
        const std::int64_t col = task.col + s * kStrip;
        if (c.direct) {
          store_strip(&c.map, shared.boxes[consumer][s % 2], sum, consumer, static_cast<int>(row),
                      static_cast<int>(col), static_cast<int>(task.batch));
        } else {
          write_strip(p, task, offset, shared.sums[consumer * 4 + warp], sum, row + warp * 16, col);
        }
#pragma unroll
        for (int i = 0; i + kStrip / 2 < kCols / 2; ++i) sum[i] = sum[i + kStrip / 2];
      }
    }
    if (threadIdx.x % 128 == 0) ptx::bulk_wait<0>();
  }
  __syncwarp();
  if constexpr (kCluster > 1) ptx::cluster_sync();  // nobody's shared memory goes while others may write to it
}

}  // namespace
}  // namespace tilestack::cuda

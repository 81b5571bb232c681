#pragma once
// Attention of 16-bit floats on Hopper: what the kernels that use wgmma share. One warp brings tiles by TMA; two
// warpgroups have 64 rows each of the block's 128, and multiply them with every tile of the other side.
#include "cuda/ring.cuh"
#include "ops/scaled_dot_product_attention/attention_scores.cuh"

namespace tilestack::cuda {
namespace {

constexpr int kWideRows = 128, kWideThreads = 384;

// (batch, heads, rows, cols) for TMA. Dimensions along which nothing moves count one.
struct HeadMap {
  gpu::TensorMap map;
  bool heads, batches;

  HeadMap(const View& x, int box_rows) : heads(moves(x, 1)), batches(moves(x, 0)) {
    map =
        gpu::tensor_map(x.dtype, x.pointer, {x.shape[3], x.shape[2], heads ? x.shape[1] : 1, batches ? x.shape[0] : 1},
                        {bytes(x, 2), bytes(x, 1), bytes(x, 0)}, {kStrip, box_rows, 1, 1}, gpu::Swizzle::bytes128);
  }
  static bool moves(const View& x, int dim) { return x.shape[dim] > 1 && x.strides[dim] != 0; }
  static std::int64_t bytes(const View& x, int dim) { return 2 * (moves(x, dim) ? x.strides[dim] : x.shape[3]); }
  // Whether TMA can describe it.
  static bool fits(const View& x) {
    bool fits = x.numel() > 0 && x.shape[3] % 8 == 0 && gpu::is_aligned(x.pointer, 16);
    for (int i = 0; i < 3; ++i)
      fits = fits && x.shape[i] < std::int64_t(1) << 31 &&
             (x.shape[i] == 1 ||
              (x.strides[i] >= (i == 2) && x.strides[i] < std::int64_t(1) << 38 && x.strides[i] % 8 == 0));
    return fits;
  }
};

// Rows of a head as TMA leaves them: strips of 64 elements, in lines of 128 bytes, swizzled. Zeros beyond the head's
// rows and elements. As an operand of wgmma it serves both ways.
template <class T, int kRows, int kDim>
struct WideTile {
  static constexpr int kBytes = kRows * kDim * 2;
  alignas(1024) T at[kDim / kStrip][kRows][kStrip];

  __device__ __forceinline__ void load(const HeadMap& from, std::uint64_t* full, HeadPlace place, int row) {
#pragma unroll
    for (int i = 0; i < kDim / kStrip; ++i)
      ptx::tma_load<4>(at[i], &from.map, full,
                       {i * kStrip, row, from.heads ? place.head : 0, from.batches ? place.batch : 0});
  }
  // Rows from `row` on, of them 16 elements from 16 k on: the sum runs along the head.
  __device__ __forceinline__ std::uint64_t along_head(int row, int k) const {
    return ptx::matrix_descriptor(&at[k / 4][row][k % 4 * 16], gpu::Swizzle::bytes128, 0, 1024);
  }
  // 16 rows from 16 k on: the sum runs along the rows.
  __device__ __forceinline__ std::uint64_t along_rows(int k) const {
    return ptx::matrix_descriptor(&at[0][k * 16][0], gpu::Swizzle::bytes128, kRows * kStrip * 2, 1024);
  }

  // x times a factor for each of the thread's rows, in place of the tile's rows from `row` on and from there to memory.
  // The warpgroup calls, and has done with these rows. Its first thread must wait by bulk_wait_read.
  __device__ __forceinline__ void store(const HeadMap& to, HeadPlace place, int first, int row, float (&x)[kDim / 2],
                                        const float (&factor)[2]) {
    const int barrier = 3 + row / 64;
    scale_rows(x, factor);
    ptx::barrier_sync(barrier, 128);
#pragma unroll
    for (int i = 0; i < kDim / kStrip; ++i) stage_strip(&at[i][row][0], x + i * kStrip / 2);
    ptx::fence_proxy_async();
    ptx::barrier_sync(barrier, 128);
    if (threadIdx.x % 128 != 0) return;
#pragma unroll
    for (int i = 0; i < kDim / kStrip; ++i)
      ptx::tma_store<4>(&to.map, &at[i][row][0],
                        {i * kStrip, first + row, to.heads ? place.head : 0, to.batches ? place.batch : 0});
    ptx::bulk_commit();
  }
};

// Begins d = rows [row, row + 64) of a times all rows of b, along the head.
template <class T, int kRows, int kCols, int kDim>
__device__ __forceinline__ void multiply_heads(float (&d)[kCols / 2], const WideTile<T, kRows, kDim>& a, int row,
                                               const WideTile<T, kCols, kDim>& b) {
  ptx::wgmma_fence();
#pragma unroll
  for (int k = 0; k < kDim / 16; ++k) ptx::wgmma<T>(d, a.along_head(row, k), b.along_head(0, k), k > 0);
  ptx::wgmma_commit();
}

// Begins d = x (64, kRows) times b, plus d if `accumulate`.
template <class T, int kRows, int kDim>
__device__ __forceinline__ void multiply_rows(float (&d)[kDim / 2], const std::uint32_t (&x)[kRows / 16][4],
                                              const WideTile<T, kRows, kDim>& b, bool accumulate) {
  ptx::wgmma_fence();
#pragma unroll
  for (int k = 0; k < kRows / 16; ++k) ptx::wgmma<T, ptx::Major::mn>(d, x[k], b.along_rows(k), accumulate || k > 0);
  ptx::wgmma_commit();
}

// x rounded, as a left operand.
template <class T, int kCols>
__device__ __forceinline__ void pack_rows(std::uint32_t (&to)[kCols / 16][4], const float (&x)[kCols / 2]) {
#pragma unroll
  for (int k = 0; k < kCols / 16; ++k) pack_left<T>(to[k], x + 8 * k);
}

template <int kStages>
struct RingBarriers {
  std::uint64_t full[kStages], empty[kStages];

  __device__ __forceinline__ void init() {
    for (int i = 0; i < kStages; ++i) {
      ptx::mbarrier_init(&full[i], 1);
      ptx::mbarrier_init(&empty[i], 8);  // each warp that multiplies
    }
  }
  // Of the thread that loads: the barrier for what comes into the slot, once that is free.
  __device__ __forceinline__ std::uint64_t* begin(RingPosition<kStages> at, int bytes) {
    ptx::mbarrier_wait(&empty[at.slot], at.phase ^ 1);
    ptx::mbarrier_arrive_expect_tx(&full[at.slot], bytes);
    return &full[at.slot];
  }
  __device__ __forceinline__ void wait(RingPosition<kStages> at) { ptx::mbarrier_wait(&full[at.slot], at.phase); }
  // Of all threads that multiply, once the products that read the slot are done.
  __device__ __forceinline__ void release(RingPosition<kStages> at) {
    if (threadIdx.x % 32 == 0) ptx::mbarrier_arrive(&empty[at.slot]);
  }
};

// Which rows of which head a block has. With a causal mask the blocks with most work come first, else those of a head
// are neighbours, so that they share what is in the cache.
struct WideTask {
  HeadPlace at;
  int first;
  __device__ __forceinline__ WideTask(int rows, int heads, int batch, bool by_tile, bool descending) {
    const int tiles = gpu::ceil_div(rows, kWideRows), index = static_cast<int>(blockIdx.x), all = heads * batch;
    const int tile = by_tile ? index / all : index % tiles, head = by_tile ? index % all : index / tiles;
    at = {head / heads, head % heads};
    first = (descending ? tiles - 1 - tile : tile) * kWideRows;
  }
};

}  // namespace
}  // namespace tilestack::cuda

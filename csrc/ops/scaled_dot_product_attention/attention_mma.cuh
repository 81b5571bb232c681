#pragma once
// Attention of 16-bit floats by mma.sync. Each of four warps has 16 rows of a block's; its scores stay in registers,
// where they stand as the left operand of the next product wants them. Tiles of the other operand arrive by cp.async
// while the one before is worked at.
#include "ops/scaled_dot_product_attention/attention_dropout.cuh"
#include "ops/scaled_dot_product_attention/attention_scores.cuh"

namespace tilestack::cuda {
namespace {

constexpr int kBlockRows = 64, kHeadChunk = 8;  // elements of 16 bytes

// Columns of the streamed operand at once: what the registers hold.
template <int kDim>
constexpr int kForwardCols = kDim > 64 ? 32 : 64;
template <int kDim>
constexpr int kQueryCols = kDim > 32 ? 32 : 64;
template <int kDim>
constexpr int kKeyCols = kDim > 64 ? 16 : 32;

// Rows of kDim elements, of which those beyond the head's size are 0. Chunks of 16 bytes are permuted so that ldmatrix
// meets no bank twice.
template <class T, int kRows, int kDim>
struct HeadTile {
  alignas(128) T at[kRows][kDim];

  __device__ __forceinline__ T* chunk(int row, int chunk) {
    return &at[row][(chunk ^ (kDim >= 64 ? row % 8 : row / 2 % 4)) * kHeadChunk];
  }
  __device__ __forceinline__ void fetch(const T* rows, std::int64_t step, int first, int count, int cols) {
    constexpr int kChunks = kDim / kHeadChunk;
#pragma unroll
    for (int i = 0; i < kRows * kChunks / kAttentionThreads; ++i) {
      const int n = static_cast<int>(threadIdx.x) + i * kAttentionThreads, row = n / kChunks, c = n % kChunks;
      const bool inside = first + row < count && c * kHeadChunk < cols;
      ptx::cp_async<16>(chunk(row, c), inside ? rows + (first + row) * step + c * kHeadChunk : rows, inside ? 16 : 0);
    }
  }
};

// Accumulators of 8 columns.
template <int kCount>
__device__ __forceinline__ float (&block(float (&d)[kCount], int i))[4] {
  return reinterpret_cast<float (&)[4]>(d[4 * i]);
}

// sum = rows [row, row + 16) of a times all rows of b, along the head.
template <class T, int kRows, int kCols, int kDim>
__device__ __forceinline__ void head_dots(float (&sum)[kCols / 2], HeadTile<T, kRows, kDim>& a, int row,
                                          HeadTile<T, kCols, kDim>& b) {
  const int lane = threadIdx.x % 32;
#pragma unroll
  for (float& x : sum) x = 0;
#pragma unroll
  for (int k = 0; k < kDim; k += 16) {
    std::uint32_t left[4];
    ptx::ldmatrix<4>(left, a.chunk(row + lane / 8 % 2 * 8 + lane % 8, k / kHeadChunk + lane / 16));
#pragma unroll
    for (int j = 0; j < kCols; j += 16) {
      std::uint32_t right[4];
      ptx::ldmatrix<4>(right, b.chunk(j + lane / 16 * 8 + lane % 8, k / kHeadChunk + lane / 8 % 2));
      ptx::mma<T>(block(sum, j / 8), left, {right[0], right[1]});
      ptx::mma<T>(block(sum, j / 8 + 1), left, {right[2], right[3]});
    }
  }
}

// sum (16, kDim) += x (16, kDepth), rounded to T, times b.
template <class T, int kDepth, int kDim>
__device__ __forceinline__ void add_head_product(float (&sum)[kDim / 2], const float (&x)[kDepth / 2],
                                                 HeadTile<T, kDepth, kDim>& b) {
  const int lane = threadIdx.x % 32;
#pragma unroll
  for (int k = 0; k < kDepth; k += 16) {
    std::uint32_t left[4];
    pack_left<T>(left, x + k / 2);
#pragma unroll
    for (int j = 0; j < kDim; j += 16) {
      std::uint32_t right[4];
      ptx::ldmatrix<4, true>(right, b.chunk(k + lane / 8 % 2 * 8 + lane % 8, j / kHeadChunk + lane / 16));
      ptx::mma<T>(block(sum, j / 8), left, {right[0], right[1]});
      ptx::mma<T>(block(sum, j / 8 + 1), left, {right[2], right[3]});
    }
  }
}

// Products become scores: scaled, or what `score` makes of one.
template <class T, int kCols, class Score>
__device__ __forceinline__ void take_scores(float (&s)[kCols / 2], bool plain, float scale, const Score& score) {
  if (plain) {
    each_element<kCols>([&](int i, int, int, int) { s[i] *= scale; });
  } else {
    each_element<kCols>([&](int i, int, int r, int c) { s[i] = score(s[i], r, c); });
  }
}

// The thread's elements of rows below `count`, times a factor for each of its two rows.
template <class T, int kDim>
__device__ __forceinline__ void write_rows(const HeadRows<T>& to, HeadPlace at, int row, int count, int cols,
                                           const float (&sum)[kDim / 2], const float (&scale)[2]) {
  const int lane = threadIdx.x % 32;
#pragma unroll
  for (int h = 0; h < 2; ++h) {
    const int i = row + lane / 4 + h * 8;
    if (i >= count) continue;
    T* out = to.at(at.batch, at.head, i);
#pragma unroll
    for (int j = 0; j < kDim / 8; ++j) {
      const int c = j * 8 + lane % 4 * 2;
      if (c >= cols) continue;
      out[c] = from_float<T>(sum[4 * j + 2 * h] * scale[h]);
      out[c + 1] = from_float<T>(sum[4 * j + 2 * h + 1] * scale[h]);
    }
  }
}

struct MmaTask {
  HeadPlace at;
  int first, row;  // row: the warp's first in the block
  __device__ __forceinline__ MmaTask(int rows, int heads) {
    const int tiles = gpu::ceil_div(rows, kBlockRows), head = static_cast<int>(blockIdx.x) / tiles;
    at = {head / heads, head % heads};
    first = static_cast<int>(blockIdx.x) % tiles * kBlockRows;
    row = static_cast<int>(threadIdx.x) / 32 * 16;
  }
};

template <class T, int kDim>
struct MmaForwardShared {
  HeadTile<T, kBlockRows, kDim> q;
  HeadTile<T, kForwardCols<kDim>, kDim> k[2], v[2];
};

template <class T, int kDim>
__global__ void __launch_bounds__(kAttentionThreads)
    mma_forward_kernel(const __grid_constant__ Attention<T> p, HeadRows<T> y, float* lse) {
  constexpr int kCols = kForwardCols<kDim>;
  auto& shared = gpu::dyn_shared<MmaForwardShared<T, kDim>>();
  const MmaTask task(p.queries, p.heads);
  const int kv = p.kv_head(task.at.head), row = task.first + task.row;
  const int last = task.first + kBlockRows < p.queries ? task.first + kBlockRows : p.queries;
  const int seen = p.keys_before(last), steps = gpu::ceil_div(seen, kCols);
  const auto fetch = [&](int step) {
    if (step < steps) {
      shared.k[step % 2].fetch(p.k.at(task.at.batch, kv), p.k.row, step * kCols, p.keys, p.dim);
      shared.v[step % 2].fetch(p.v.at(task.at.batch, kv), p.v.row, step * kCols, p.keys, p.value_dim);
    }
    ptx::cp_async_commit();
  };
  shared.q.fetch(p.q.at(task.at.batch, task.at.head), p.q.row, task.first, p.queries, p.dim);
  fetch(0);

  float out[kDim / 2] = {};
  RowSoftmax softmax;
#pragma unroll 1
  for (int step = 0; step < steps; ++step) {
    fetch(step + 1);
    ptx::cp_async_wait<1>();
    __syncthreads();
    const int key = step * kCols;
    float s[kCols / 2], shrink[2];
    head_dots<T>(s, shared.q, task.row, shared.k[step % 2]);
    take_scores<T, kCols>(s, p.is_plain(row, key + kCols - 1), p.scale,
                          [&](float dot, int r, int c) { return p.score(dot, task.at, row + r, key + c); });
    softmax.step(s, 1.0f, shrink);
    if (p.drops) {
      const std::uint32_t bits = draw_for_queries<kCols>(p, task.at, row, key);
      each_element<kCols>([&](int i, int, int, int) { s[i] *= bits >> i & 1 ? p.kept : 0; });
    }
    scale_rows(out, shrink);
    add_head_product<T, kCols, kDim>(out, s, shared.v[step % 2]);
    __syncthreads();
  }
  ptx::cp_async_wait_all();

  float inverse[2];
  softmax.finish(1.0f, inverse, [&](int r, float log_sum) {
    if (row + r < p.queries)
      lse[(std::int64_t(task.at.batch) * p.heads + task.at.head) * p.queries + row + r] = log_sum;
  });
  write_rows<T, kDim>(y, task.at, row, p.queries, p.value_dim, out, inverse);
}

template <class T, int kDim, int kCols>
struct MmaBackwardShared {
  HeadTile<T, kBlockRows, kDim> own[2];          // q and dy, or k and v
  HeadTile<T, kCols, kDim> first[2], second[2];  // k and v, or q and dy
};

// dq by blocks of queries.
template <class T, int kDim>
__global__ void __launch_bounds__(kAttentionThreads)
    mma_query_kernel(const __grid_constant__ Attention<T> p, const __grid_constant__ AttentionSlopes<T> slopes,
                     HeadRows<T> dq) {
  constexpr int kCols = kQueryCols<kDim>;
  auto& shared = gpu::dyn_shared<MmaBackwardShared<T, kDim, kCols>>();
  const MmaTask task(p.queries, p.heads);
  const int kv = p.kv_head(task.at.head), lane = threadIdx.x % 32, row = task.first + task.row;
  const int last = task.first + kBlockRows < p.queries ? task.first + kBlockRows : p.queries;
  const int seen = p.keys_before(last), steps = gpu::ceil_div(seen, kCols);
  const auto fetch = [&](int step) {
    if (step < steps) {
      shared.first[step % 2].fetch(p.k.at(task.at.batch, kv), p.k.row, step * kCols, p.keys, p.dim);
      shared.second[step % 2].fetch(p.v.at(task.at.batch, kv), p.v.row, step * kCols, p.keys, p.value_dim);
    }
    ptx::cp_async_commit();
  };
  shared.own[0].fetch(p.q.at(task.at.batch, task.at.head), p.q.row, task.first, p.queries, p.dim);
  shared.own[1].fetch(slopes.dy.at(task.at.batch, task.at.head), slopes.dy.row, task.first, p.queries, p.value_dim);
  fetch(0);
  float base[2], dot[2];
#pragma unroll
  for (int h = 0; h < 2; ++h) {
    const int i = row + lane / 4 + h * 8;
    const std::int64_t place = (std::int64_t(task.at.batch) * p.heads + task.at.head) * p.queries + i;
    base[h] = i < p.queries ? slopes.lse[place] * kLog2E : 0;
    dot[h] = i < p.queries ? slopes.dots[place] : 0;
  }

  float out[kDim / 2] = {};
#pragma unroll 1
  for (int step = 0; step < steps; ++step) {
    fetch(step + 1);
    ptx::cp_async_wait<1>();
    __syncthreads();
    const int key = step * kCols;
    float s[kCols / 2], dp[kCols / 2];
    head_dots<T>(s, shared.own[0], task.row, shared.first[step % 2]);
    head_dots<T>(dp, shared.own[1], task.row, shared.second[step % 2]);
    take_scores<T, kCols>(s, p.is_plain(row, key + kCols - 1), p.scale,
                          [&](float dot, int r, int c) { return p.score(dot, task.at, row + r, key + c); });
    if (p.drops) {
      const std::uint32_t bits = draw_for_queries<kCols>(p, task.at, row, key);
      each_element<kCols>([&](int i, int, int, int) { dp[i] *= bits >> i & 1 ? p.kept : 0; });
    }
    each_element<kCols>(
        [&](int i, int h, int, int) { s[i] = ptx::exp2_approx(s[i] * kLog2E - base[h]) * (dp[i] - dot[h]); });
    add_head_product<T, kCols, kDim>(out, s, shared.first[step % 2]);
    __syncthreads();
  }
  ptx::cp_async_wait_all();
  write_rows<T, kDim>(dq, task.at, row, p.queries, p.dim, out, {p.scale, p.scale});
}

// dk and dv by blocks of keys, over the heads of queries that share them.
template <class T, int kDim>
__global__ void __launch_bounds__(kAttentionThreads)
    mma_key_kernel(const __grid_constant__ Attention<T> p, const __grid_constant__ AttentionSlopes<T> slopes,
                   HeadRows<T> dk, HeadRows<T> dv) {
  constexpr int kCols = kKeyCols<kDim>;
  auto& shared = gpu::dyn_shared<MmaBackwardShared<T, kDim, kCols>>();
  const MmaTask task(p.keys, p.kv_heads);
  const int row = task.first + task.row, group = p.heads / p.kv_heads;
  const int begin = p.causal ? task.first / kCols : 0, end = gpu::ceil_div(p.queries, kCols);
  const int each = end > begin ? end - begin : 0, steps = group * each;
  const auto head_of = [&](int step) { return HeadPlace{task.at.batch, task.at.head * group + step / each}; };
  const auto query_of = [&](int step) { return (begin + step % each) * kCols; };
  const auto fetch = [&](int step) {
    if (step < steps) {
      const HeadPlace at = head_of(step);
      shared.first[step % 2].fetch(p.q.at(at.batch, at.head), p.q.row, query_of(step), p.queries, p.dim);
      shared.second[step % 2].fetch(slopes.dy.at(at.batch, at.head), slopes.dy.row, query_of(step), p.queries,
                                    p.value_dim);
    }
    ptx::cp_async_commit();
  };
  shared.own[0].fetch(p.k.at(task.at.batch, task.at.head), p.k.row, task.first, p.keys, p.dim);
  shared.own[1].fetch(p.v.at(task.at.batch, task.at.head), p.v.row, task.first, p.keys, p.value_dim);
  fetch(0);

  float out_k[kDim / 2] = {}, out_v[kDim / 2] = {};
#pragma unroll 1
  for (int step = 0; step < steps; ++step) {
    fetch(step + 1);
    ptx::cp_async_wait<1>();
    __syncthreads();
    const HeadPlace at = head_of(step);
    const int query = query_of(step);
    const std::int64_t place = (std::int64_t(at.batch) * p.heads + at.head) * p.queries;
    float s[kCols / 2], dp[kCols / 2];
    head_dots<T>(s, shared.own[0], task.row, shared.first[step % 2]);
    head_dots<T>(dp, shared.own[1], task.row, shared.second[step % 2]);
    take_scores<T, kCols>(s, p.is_plain(query, row + 15) && query + kCols <= p.queries, p.scale,
                          [&](float dot, int r, int c) { return p.score(dot, at, query + c, row + r); });
    std::uint32_t bits = 0;
    if (p.drops) bits = draw_for_keys<kCols>(p, at, query, row);
    each_element<kCols>([&](int i, int, int, int c) {
      const bool inside = query + c < p.queries;
      const float lse = inside ? slopes.lse[place + query + c] : 0, dot = inside ? slopes.dots[place + query + c] : 0;
      const float e = ptx::exp2_approx((s[i] - lse) * kLog2E);
      const float z = !p.drops ? 1 : bits >> i & 1 ? p.kept : 0;
      s[i] = e * z;
      dp[i] = e * (dp[i] * z - dot);
    });
    add_head_product<T, kCols, kDim>(out_v, s, shared.second[step % 2]);
    add_head_product<T, kCols, kDim>(out_k, dp, shared.first[step % 2]);
    __syncthreads();
  }
  ptx::cp_async_wait_all();
  write_rows<T, kDim>(dk, task.at, row, p.keys, p.dim, out_k, {p.scale, p.scale});
  write_rows<T, kDim>(dv, task.at, row, p.keys, p.value_dim, out_v, {1.0f, 1.0f});
}

}  // namespace
}  // namespace tilestack::cuda

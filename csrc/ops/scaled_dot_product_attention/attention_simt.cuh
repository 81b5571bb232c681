#pragma once
// Attention without tensor cores, for every float type and head size. A block takes kRows rows, of which each belongs
// to neighbouring threads of one warp: they share its scores and its columns.
#include "ops/scaled_dot_product_attention/attention.cuh"

namespace tilestack::cuda {
namespace {

constexpr int kMostColumns = 32;  // of a row, for one thread

template <class C, int kRows>
struct SimtTiles {
  static constexpr int kParts = kAttentionThreads / kRows, kEach = kRows > kParts ? kRows / kParts : 1;
  static constexpr int kPitch = kRows + 1;  // of a square of probabilities
  int pitch, row, part;
  C* shared;

  __device__ __forceinline__ SimtTiles(int dim, int value_dim)
      : pitch(pitch_of(dim, value_dim)),
        row(static_cast<int>(threadIdx.x) / kParts),
        part(static_cast<int>(threadIdx.x) % kParts),
        shared(gpu::dyn_shared_array<C>()) {}
  // Odd, against bank conflicts.
  TILESTACK_INLINE static int pitch_of(int dim, int value_dim) { return (dim > value_dim ? dim : value_dim) | 1; }
  static std::size_t bytes(int dim, int value_dim, int tiles, int squares) {
    return sizeof(C) * kRows * static_cast<std::size_t>(tiles * pitch_of(dim, value_dim) + squares * kPitch);
  }
  __device__ __forceinline__ C* tile(int i) const { return shared + i * kRows * pitch; }
  __device__ __forceinline__ C* square(int tiles, int i) const { return tile(tiles) + i * kRows * kPitch; }

  // Rows [first, first + kRows) of the `count` there are; zeros beyond.
  template <class T>
  __device__ __forceinline__ void fetch(C* to, const T* rows, std::int64_t step, int first, int count, int cols) const {
    for (int i = threadIdx.x; i < kRows * cols; i += kAttentionThreads) {
      const int r = i / cols, c = i % cols;
      to[r * pitch + c] = first + r < count ? to_compute(rows[(first + r) * step + c]) : C(0);
    }
  }
  // Products of the thread's row of a with rows part, part + kParts ... of b.
  __device__ __forceinline__ void dots(C (&sum)[kEach], const C* a, const C* b, int cols) const {
    const C *x = a + row * pitch, *y = b + part % kRows * pitch;
#pragma unroll
    for (int e = 0; e < kEach; ++e) sum[e] = 0;
    for (int c = 0; c < cols; ++c)
#pragma unroll
      for (int e = 0; e < kEach; ++e) sum[e] += x[c] * y[e * kParts * pitch + c];
  }
  // sum += the row of a square times the thread's columns of b.
  __device__ __forceinline__ void add_product(C (&sum)[kMostColumns], const C* square, const C* b, int cols) const {
    for (int j = 0; j < kRows; ++j) {
      const C x = square[row * kPitch + j];
      const C* y = b + j * pitch + part;
#pragma unroll
      for (int i = 0; i < kMostColumns; ++i)
        if (part + i * kParts < cols) sum[i] += x * y[i * kParts];
    }
  }
  template <class T>
  __device__ __forceinline__ void write(T* to, const C (&sum)[kMostColumns], C scale, int cols) const {
#pragma unroll
    for (int i = 0; i < kMostColumns; ++i)
      if (part + i * kParts < cols) to[part + i * kParts] = convert<T>(sum[i] * scale);
  }
  // f(e, j) for the thread's scores: columns j of its row.
  template <class F>
  __device__ __forceinline__ void each(F&& f) const {
#pragma unroll
    for (int e = 0; e < kEach; ++e)
      if (part + e * kParts < kRows) f(e, part + e * kParts);
  }
};

// What a block works at: a head, and the first of its rows there.
struct RowTask {
  HeadPlace at;
  int first;
  __device__ __forceinline__ RowTask(int rows, int heads, int tile) {
    const int tiles = gpu::ceil_div(rows, tile), head = static_cast<int>(blockIdx.x) / tiles;
    at = {head / heads, head % heads};
    first = static_cast<int>(blockIdx.x) % tiles * tile;
  }
};

template <class T, int kRows>
__global__ void __launch_bounds__(kAttentionThreads)
    simt_forward_kernel(const __grid_constant__ Attention<T> p, HeadRows<T> y, Compute<T>* lse) {
  using C = Compute<T>;
  using Tiles = SimtTiles<C, kRows>;
  constexpr C kLow = C(-__builtin_inf());
  const Tiles t(p.dim, p.value_dim);
  const RowTask task(p.queries, p.heads, kRows);
  const int query = task.first + t.row, kv = p.kv_head(task.at.head);
  C *q = t.tile(0), *k = t.tile(1), *v = t.tile(2), *square = t.square(3, 0);
  t.fetch(q, p.q.at(task.at.batch, task.at.head), p.q.row, task.first, p.queries, p.dim);
  C top = kLow, total = 0, out[kMostColumns] = {};
  const int last = task.first + kRows < p.queries ? task.first + kRows : p.queries, seen = p.keys_before(last);
  for (int key = 0; key < seen; key += kRows) {
    __syncthreads();
    t.fetch(k, p.k.at(task.at.batch, kv), p.k.row, key, p.keys, p.dim);
    t.fetch(v, p.v.at(task.at.batch, kv), p.v.row, key, p.keys, p.value_dim);
    __syncthreads();
    C s[Tiles::kEach];
    t.dots(s, q, k, p.dim);
    C high = top;
    t.each([&](int e, int j) {
      s[e] = p.score(s[e], task.at, query, key + j);
      high = gpu::Max()(s[e], high);
    });
    high = warp_max<Tiles::kParts>(high);
    const C base = high == kLow ? C(0) : high, shrink = std::exp(top - base);
    top = high;
    C sum = 0;
    t.each([&](int e, int j) {
      const C x = std::exp(s[e] - base);
      sum += x;
      square[t.row * Tiles::kPitch + j] = x * p.factor(task.at, query, key + j);
    });
    total = total * shrink + warp_sum<Tiles::kParts>(sum);
#pragma unroll
    for (C& x : out) x *= shrink;
    __syncwarp();
    t.add_product(out, square, v, p.value_dim);
  }
  if (query >= p.queries) return;
  const bool none = total == C(0);
  t.write(y.at(task.at.batch, task.at.head, query), out, none ? C(0) : C(1) / total, p.value_dim);
  if (t.part == 0)
    lse[(std::int64_t(task.at.batch) * p.heads + task.at.head) * p.queries + query] =
        none ? C(__builtin_inf()) : top + std::log(total);
}

// dq by blocks of queries.
template <class T, int kRows>
__global__ void __launch_bounds__(kAttentionThreads)
    simt_query_kernel(const __grid_constant__ Attention<T> p, const __grid_constant__ AttentionSlopes<T> slopes,
                      HeadRows<T> dq) {
  using C = Compute<T>;
  using Tiles = SimtTiles<C, kRows>;
  const Tiles t(p.dim, p.value_dim);
  const RowTask task(p.queries, p.heads, kRows);
  const int query = task.first + t.row, kv = p.kv_head(task.at.head);
  C *q = t.tile(0), *dy = t.tile(1), *k = t.tile(2), *v = t.tile(3), *square = t.square(4, 0);
  t.fetch(q, p.q.at(task.at.batch, task.at.head), p.q.row, task.first, p.queries, p.dim);
  t.fetch(dy, slopes.dy.at(task.at.batch, task.at.head), slopes.dy.row, task.first, p.queries, p.value_dim);
  const std::int64_t place = (std::int64_t(task.at.batch) * p.heads + task.at.head) * p.queries + query;
  const bool inside = query < p.queries;
  const C lse = inside ? slopes.lse[place] : C(0), dot = inside ? slopes.dots[place] : C(0);
  C out[kMostColumns] = {};
  const int last = task.first + kRows < p.queries ? task.first + kRows : p.queries, seen = p.keys_before(last);
  for (int key = 0; key < seen; key += kRows) {
    __syncthreads();
    t.fetch(k, p.k.at(task.at.batch, kv), p.k.row, key, p.keys, p.dim);
    t.fetch(v, p.v.at(task.at.batch, kv), p.v.row, key, p.keys, p.value_dim);
    __syncthreads();
    C s[Tiles::kEach], dp[Tiles::kEach];
    t.dots(s, q, k, p.dim);
    t.dots(dp, dy, v, p.value_dim);
    t.each([&](int e, int j) {
      const C x = std::exp(p.score(s[e], task.at, query, key + j) - lse);
      square[t.row * Tiles::kPitch + j] = x * (dp[e] * p.factor(task.at, query, key + j) - dot);
    });
    __syncwarp();
    t.add_product(out, square, k, p.dim);
  }
  if (inside) t.write(dq.at(task.at.batch, task.at.head, query), out, p.scale, p.dim);
}

// dk and dv by blocks of keys, over the heads of queries that share them.
template <class T, int kRows>
__global__ void __launch_bounds__(kAttentionThreads)
    simt_key_kernel(const __grid_constant__ Attention<T> p, const __grid_constant__ AttentionSlopes<T> slopes,
                    HeadRows<T> dk, HeadRows<T> dv) {
  using C = Compute<T>;
  using Tiles = SimtTiles<C, kRows>;
  const Tiles t(p.dim, p.value_dim);
  const RowTask task(p.keys, p.kv_heads, kRows);
  const int key = task.first + t.row, group = p.heads / p.kv_heads;
  C *k = t.tile(0), *v = t.tile(1), *q = t.tile(2), *dy = t.tile(3), *ps = t.square(4, 0), *ds = t.square(4, 1);
  t.fetch(k, p.k.at(task.at.batch, task.at.head), p.k.row, task.first, p.keys, p.dim);
  t.fetch(v, p.v.at(task.at.batch, task.at.head), p.v.row, task.first, p.keys, p.value_dim);
  C out_k[kMostColumns] = {}, out_v[kMostColumns] = {};
  for (int g = 0; g < group; ++g) {
    const HeadPlace at{task.at.batch, task.at.head * group + g};
    const std::int64_t place = (std::int64_t(at.batch) * p.heads + at.head) * p.queries;
    for (int query = p.causal ? task.first : 0; query < p.queries; query += kRows) {
      __syncthreads();
      t.fetch(q, p.q.at(at.batch, at.head), p.q.row, query, p.queries, p.dim);
      t.fetch(dy, slopes.dy.at(at.batch, at.head), slopes.dy.row, query, p.queries, p.value_dim);
      __syncthreads();
      C s[Tiles::kEach], dp[Tiles::kEach];
      t.dots(s, k, q, p.dim);
      t.dots(dp, v, dy, p.value_dim);
      t.each([&](int e, int j) {
        const int i = query + j;
        const bool inside = i < p.queries;
        const C x = inside ? std::exp(p.score(s[e], at, i, key) - slopes.lse[place + i]) : C(0);
        const C z = inside ? p.factor(at, i, key) : C(0), dot = inside ? slopes.dots[place + i] : C(0);
        ps[t.row * Tiles::kPitch + j] = x * z;
        ds[t.row * Tiles::kPitch + j] = x * (dp[e] * z - dot);
      });
      __syncwarp();
      t.add_product(out_v, ps, dy, p.value_dim);
      t.add_product(out_k, ds, q, p.dim);
    }
  }
  if (key >= p.keys) return;
  t.write(dk.at(task.at.batch, task.at.head, key), out_k, p.scale, p.dim);
  t.write(dv.at(task.at.batch, task.at.head, key), out_v, C(1), p.value_dim);
}

}  // namespace
}  // namespace tilestack::cuda

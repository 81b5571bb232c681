#pragma once
// Softmax and its logarithm along the middle of (outer, n, inner), and the log-sum-exp that losses take too.
#include "cuda/fast_div.h"
#include "cuda/rows.cuh"

namespace tilestack::cuda {
namespace {

__device__ __forceinline__ float exponential(float x) { return exp2f(x * 1.44269504f); }
__device__ __forceinline__ double exponential(double x) { return exp(x); }

// Of some numbers: the largest, and the sum of exp(x - max). Nothing but -inf, or nothing at all, has the sum 0.
template <class A>
struct LogSum {
  A max, sum;

  __device__ __forceinline__ static LogSum none() { return {A(-__builtin_inf()), A(0)}; }

  // Takes in x[k] for which present(k).
  template <int kCount, class Present>
  __device__ __forceinline__ void take(const A (&x)[kCount], const Present& present) {
    A largest = max;
#pragma unroll
    for (int k = 0; k < kCount; ++k)
      if (present(k)) largest = gpu::Max()(x[k], largest);
    if (largest == A(-__builtin_inf())) return;
    sum *= exponential(max - largest);
    max = largest;
#pragma unroll
    for (int k = 0; k < kCount; ++k) sum += present(k) ? exponential(x[k] - max) : A(0);
  }
  struct Merge {
    __device__ __forceinline__ LogSum operator()(const LogSum& a, const LogSum& b) const {
      const A max = gpu::Max()(a.max, b.max);
      if (max == A(-__builtin_inf())) return none();
      return {max, a.sum * exponential(a.max - max) + b.sum * exponential(b.max - max)};
    }
  };
};

// What follows from x and the row: of log, y = x - max - log(sum); else exp(x - max) / sum.
template <bool kLog, class A>
struct SoftmaxOf {
  A max, scale;
  __device__ __forceinline__ static SoftmaxOf from(const LogSum<A>& of) {
    return {of.max, kLog ? A(log(of.sum)) : A(1) / of.sum};
  }
  __device__ __forceinline__ A operator()(A x) const { return kLog ? x - max - scale : exponential(x - max) * scale; }
};
// And dx from y, dy and the row's sum of y dy, of log: of dy.
template <bool kLog, class A>
__device__ __forceinline__ A softmax_term(A y, A dy) {
  return kLog ? dy : y * dy;
}
template <bool kLog, class A>
__device__ __forceinline__ A softmax_slope(A y, A dy, A sum) {
  return kLog ? dy - exponential(y) * sum : y * (dy - sum);
}

// ---- Rows: inner is 1.
template <bool kLog, class T, int kVectors>
__global__ void __launch_bounds__(gpu::kTeamThreads, 1)
    softmax_rows_kernel(const T* x, T* y, int whole, gpu::RowTeams teams) {
  using A = Compute<T>;
  constexpr int V = gpu::kPack<T>;
  const gpu::TeamMember me(teams);
  const bool active = me.row < teams.rows;
  const int n = active ? teams.cols : 0;
  const std::int64_t at = active ? me.row * teams.cols : 0;
  const gpu::RowPart<T, kVectors> in(x + at, n, whole, me);
  auto found = LogSum<A>::none();
  gpu::for_vectors<kVectors, V>(
      n, me, [&](int p, int i, int count) { found.take(in.get(p, i, count).at, [&](int k) { return k < count; }); });
  const auto of = SoftmaxOf<kLog, A>::from(gpu::team_reduce(found, me.size, typename LogSum<A>::Merge()));
  gpu::for_vectors<kVectors, V>(n, me, [&](int p, int i, int count) {
    auto v = in.get(p, i, count);
#pragma unroll
    for (int k = 0; k < V; ++k) v[k] = of(v[k]);
    gpu::store_first(y + at + i, gpu::convert_pack<T>(v), count, whole);
  });
}

template <bool kLog, class T, int kVectors>
__global__ void __launch_bounds__(gpu::kTeamThreads, 1)
    softmax_rows_backward_kernel(const T* y, const T* dy, T* dx, int whole, gpu::RowTeams teams) {
  using A = Compute<T>;
  constexpr int V = gpu::kPack<T>;
  const gpu::TeamMember me(teams);
  const bool active = me.row < teams.rows;
  const int n = active ? teams.cols : 0;
  const std::int64_t at = active ? me.row * teams.cols : 0;
  const gpu::RowPart<T, kVectors> ys(y + at, n, whole, me), dys(dy + at, n, whole, me);
  A sum = 0;
  gpu::for_vectors<kVectors, V>(n, me, [&](int p, int i, int count) {
    const auto v = ys.get(p, i, count), g = dys.get(p, i, count);
#pragma unroll
    for (int k = 0; k < V; ++k) sum += softmax_term<kLog>(v[k], g[k]);  // 0 beyond the row
  });
  sum = gpu::team_sum(sum, me.size);
  gpu::for_vectors<kVectors, V>(n, me, [&](int p, int i, int count) {
    auto v = ys.get(p, i, count);
    const auto g = dys.get(p, i, count);
#pragma unroll
    for (int k = 0; k < V; ++k) v[k] = softmax_slope<kLog>(v[k], g[k], sum);
    gpu::store_first(dx + at + i, gpu::convert_pack<T>(v), count, whole);
  });
}

// ---- Columns: a block takes a tile of them, `width` vectors wide; its `height` lines of threads share the n rows.
struct SoftmaxTiles {
  static constexpr int kThreads = 256;
  std::int64_t n, inner, vectors, row_vectors;
  gpu::FastDiv by_row;
  int width = 1, height = 1;

  SoftmaxTiles(const View& x, int pack)
      : n(x.shape[1]), inner(x.shape[2]), row_vectors(gpu::ceil_div(x.shape[2], std::int64_t(pack))) {
    vectors = x.shape[0] * row_vectors;
    if (vectors >= std::int64_t(1) << 31) gpu::fail("a softmax across 2^31 columns or more is too wide for a GPU");
    by_row = gpu::FastDiv(row_vectors);
    while (width < 32 && width < vectors) width *= 2;
    while (width * height < kThreads && height * 4 < n) height *= 2;
    while (width * height < (width < vectors ? kThreads : 32)) width *= 2;
  }
  unsigned blocks() const { return static_cast<unsigned>(gpu::ceil_div(vectors, std::int64_t(width))); }
};

// The calling thread's vector of columns and its rows.
template <int kWidth>
struct SoftmaxPlace {
  int line;
  std::int64_t at = 0;  // of row 0
  int count = 0;        // columns, maybe none
  __device__ explicit SoftmaxPlace(const SoftmaxTiles& tiles) : line(int(threadIdx.x) / tiles.width) {
    const std::int64_t vector = std::int64_t(blockIdx.x) * tiles.width + int(threadIdx.x) % tiles.width;
    if (vector >= tiles.vectors) return;
    const std::uint32_t outer = tiles.by_row.divide(static_cast<std::uint32_t>(vector));
    const std::int64_t first = (vector - outer * tiles.row_vectors) * kWidth, left = tiles.inner - first;
    at = outer * tiles.n * tiles.inner + first;
    count = left < kWidth ? int(left) : kWidth;
  }
};

// The lines' values[k] merged in order, for every thread; all of the block call.
template <int kWidth, class S, class Op>
__device__ __forceinline__ void merge_lines(S (&values)[kWidth], const SoftmaxTiles& tiles, int line, Op op) {
  constexpr int kThreads = SoftmaxTiles::kThreads;
  if (tiles.height == 1) return;
  GPU_SHARED(shared, S[kWidth * kThreads]);
  const int thread = int(threadIdx.x);
#pragma unroll
  for (int k = 0; k < kWidth; ++k) shared[k * kThreads + thread] = values[k];
  for (int half = tiles.height / 2; half > 0; half /= 2) {
    __syncthreads();
    if (line >= half) continue;
#pragma unroll
    for (int k = 0; k < kWidth; ++k) {
      values[k] = op(values[k], shared[k * kThreads + thread + half * tiles.width]);
      shared[k * kThreads + thread] = values[k];
    }
  }
  __syncthreads();
#pragma unroll
  for (int k = 0; k < kWidth; ++k) values[k] = shared[k * kThreads + thread % tiles.width];
}

template <bool kLog, class T>
__global__ void __launch_bounds__(SoftmaxTiles::kThreads, 2)
    softmax_columns_kernel(const T* __restrict__ x, T* __restrict__ y, int whole, SoftmaxTiles tiles) {
  using A = Compute<T>;
  constexpr int V = gpu::kPack<T>, U = 4;
  const SoftmaxPlace<V> me(tiles);
  LogSum<A> found[V];
#pragma unroll
  for (int k = 0; k < V; ++k) found[k] = LogSum<A>::none();
  for (std::int64_t first = me.line; me.count > 0 && first < tiles.n; first += U * tiles.height) {
    gpu::Pack<T, V> rows[U];
#pragma unroll
    for (int q = 0; q < U; ++q) {
      const std::int64_t r = first + q * tiles.height;
      rows[q] = gpu::load_first<V>(x + me.at + r * tiles.inner, r < tiles.n ? me.count : 0, whole);
    }
#pragma unroll
    for (int k = 0; k < V; ++k) {
      A values[U];
#pragma unroll
      for (int q = 0; q < U; ++q) values[q] = to_compute(rows[q][k]);
      found[k].take(values, [&](int q) { return first + q * tiles.height < tiles.n; });
    }
  }
  merge_lines(found, tiles, me.line, typename LogSum<A>::Merge());
  SoftmaxOf<kLog, A> of[V];
#pragma unroll
  for (int k = 0; k < V; ++k) of[k] = SoftmaxOf<kLog, A>::from(found[k]);
#pragma unroll 2
  for (std::int64_t r = me.line; me.count > 0 && r < tiles.n; r += tiles.height) {
    auto v = gpu::convert_pack<A>(gpu::load_first<V>(x + me.at + r * tiles.inner, me.count, whole));
#pragma unroll
    for (int k = 0; k < V; ++k) v[k] = of[k](v[k]);
    gpu::store_first(y + me.at + r * tiles.inner, gpu::convert_pack<T>(v), me.count, whole);
  }
}

template <bool kLog, class T>
__global__ void __launch_bounds__(SoftmaxTiles::kThreads, 2)
    softmax_columns_backward_kernel(const T* __restrict__ y, const T* __restrict__ dy, T* __restrict__ dx, int whole,
                                    SoftmaxTiles tiles) {
  using A = Compute<T>;
  constexpr int V = gpu::kPack<T>;
  const SoftmaxPlace<V> me(tiles);
  A sums[V] = {};
#pragma unroll 4
  for (std::int64_t r = me.line; me.count > 0 && r < tiles.n; r += tiles.height) {
    const std::int64_t at = me.at + r * tiles.inner;
    const auto v = gpu::load_first<V>(y + at, me.count, whole), g = gpu::load_first<V>(dy + at, me.count, whole);
#pragma unroll
    for (int k = 0; k < V; ++k) sums[k] += softmax_term<kLog>(to_compute(v[k]), to_compute(g[k]));
  }
  merge_lines(sums, tiles, me.line, gpu::Sum());
#pragma unroll 2
  for (std::int64_t r = me.line; me.count > 0 && r < tiles.n; r += tiles.height) {
    const std::int64_t at = me.at + r * tiles.inner;
    auto v = gpu::convert_pack<A>(gpu::load_first<V>(y + at, me.count, whole));
    const auto g = gpu::load_first<V>(dy + at, me.count, whole);
#pragma unroll
    for (int k = 0; k < V; ++k) v[k] = softmax_slope<kLog>(v[k], to_compute(g[k]), sums[k]);
    gpu::store_first(dx + at, gpu::convert_pack<T>(v), me.count, whole);
  }
}

// ---- Host.
template <bool kLog>
void softmax_forward(View x, View y) {
  if (x.numel() == 0) return;
  visit_float(x.dtype, [&]<class T>() {
    constexpr int V = gpu::kPack<T>;
    if (x.shape[2] == 1) {
      const gpu::RowTeams teams(x.shape[0], x.shape[1], V);
      gpu::visit_vectors(teams, [&]<int kVectors>() {
        gpu::launch(softmax_rows_kernel<kLog, T, kVectors>, {teams.blocks(), unsigned(teams.threads)},
                    x.data<const T>(), y.data<T>(), gpu::whole_of<T>(teams.cols, x, y), teams);
      });
    } else {
      const SoftmaxTiles tiles(x, V);
      gpu::launch(softmax_columns_kernel<kLog, T>, {tiles.blocks(), unsigned(tiles.width * tiles.height)},
                  x.data<const T>(), y.data<T>(), gpu::whole_of<T>(tiles.inner, x, y), tiles);
    }
  });
}

template <bool kLog>
void softmax_backward(View y, View dy, View dx) {
  if (y.numel() == 0) return;
  visit_float(y.dtype, [&]<class T>() {
    constexpr int V = gpu::kPack<T>;
    if (y.shape[2] == 1) {
      const gpu::RowTeams teams(y.shape[0], y.shape[1], V);
      gpu::visit_vectors(teams, [&]<int kVectors>() {
        gpu::launch(softmax_rows_backward_kernel<kLog, T, kVectors>, {teams.blocks(), unsigned(teams.threads)},
                    y.data<const T>(), dy.data<const T>(), dx.data<T>(), gpu::whole_of<T>(teams.cols, y, dy, dx),
                    teams);
      });
    } else {
      const SoftmaxTiles tiles(y, V);
      gpu::launch(softmax_columns_backward_kernel<kLog, T>, {tiles.blocks(), unsigned(tiles.width * tiles.height)},
                  y.data<const T>(), dy.data<const T>(), dx.data<T>(), gpu::whole_of<T>(tiles.inner, y, dy, dx), tiles);
    }
  });
}

}  // namespace
}  // namespace tilestack::cuda

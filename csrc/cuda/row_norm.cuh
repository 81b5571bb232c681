#pragma once
// layer_norm, group_norm (both kCentred) and rms_norm of rows: y = (x - mean) r w + b, where rms_norm's mean is 0 and b
// undefined.
#include "cuda/fast_div.h"
#include "cuda/reduce.cuh"
#include "cuda/rows.cuh"

namespace tilestack::cuda {
namespace {

template <class T>
using NormPack = gpu::Pack<Compute<T>, gpu::kPack<T>>;

template <class T>
__device__ __forceinline__ NormPack<T> repeated(Compute<T> value) {
  NormPack<T> all;
#pragma unroll
  for (int k = 0; k < gpu::kPack<T>; ++k) all[k] = value;
  return all;
}

// w or b of a vector of a row, `otherwise` if there are none. They belong to columns,
template <class T>
struct OfColumns {
  const T* p;  // may be null
  __device__ __forceinline__ NormPack<T> get(std::int64_t, int i, int count, int whole, Compute<T> otherwise) const {
    if (p == nullptr) return repeated<T>(otherwise);
    return gpu::convert_pack<Compute<T>>(gpu::load_first<gpu::kPack<T>>(p + i, count, whole));
  }
};
// or to the channels of a group, each of which has `inside` neighbouring columns.
template <class T>
struct OfChannels {
  const T* p;
  gpu::FastDiv groups, inside;
  int channels;  // of a group
  __device__ __forceinline__ NormPack<T> get(std::int64_t row, int i, int count, int, Compute<T> otherwise) const {
    if (p == nullptr) return repeated<T>(otherwise);
    std::uint32_t image = std::uint32_t(row), channel = std::uint32_t(i);
    const T* from = p + groups.split(image) * std::uint32_t(channels);
    const std::uint32_t place = inside.split(channel);
    if (place + gpu::kPack<T> <= inside.divisor) return repeated<T>(count > 0 ? to_compute(from[channel]) : otherwise);
    NormPack<T> each;
#pragma unroll
    for (int k = 0; k < gpu::kPack<T>; ++k)
      each[k] = k < count ? to_compute(from[inside.divide(std::uint32_t(i + k))]) : otherwise;
    return each;
  }
};

template <class T, class Parameters>
struct NormInputs {
  const T* x;
  Parameters w, b;
  int whole;
};

template <bool kCentred, class T, int kVectors, class Parameters>
__global__ void __launch_bounds__(gpu::kTeamThreads, 1)
    row_norm_kernel(NormInputs<T, Parameters> in, T* y, Compute<T>* means, Compute<T>* rs, Compute<T> eps,
                    gpu::RowTeams teams) {
  using A = Compute<T>;
  constexpr int V = gpu::kPack<T>;
  const gpu::TeamMember me(teams);
  const bool active = me.row < teams.rows;
  const std::int64_t row = active ? me.row : 0, at = row * teams.cols;
  const int n = active ? teams.cols : 0;
  const gpu::RowPart<T, kVectors> x(in.x + at, n, in.whole, me);
  A mean = 0, squares = 0;
  if constexpr (kCentred) {
    gpu::for_vectors<kVectors, V>(n, me, [&](int p, int i, int count) {
      const auto v = x.get(p, i, count);
#pragma unroll
      for (int k = 0; k < V; ++k) mean += v[k];
    });
    mean = gpu::team_sum(mean, me.size) / A(teams.cols);
  }
  gpu::for_vectors<kVectors, V>(n, me, [&](int p, int i, int count) {
    const auto v = x.get(p, i, count);
#pragma unroll
    for (int k = 0; k < V; ++k) squares += k < count ? (v[k] - mean) * (v[k] - mean) : A(0);
  });
  squares = gpu::team_sum(squares, me.size);
  const A r = A(1) / sqrt(squares / A(teams.cols) + eps);
  gpu::for_vectors<kVectors, V>(n, me, [&](int p, int i, int count) {
    auto v = x.get(p, i, count);
    const auto w = in.w.get(row, i, count, in.whole, A(1)), b = in.b.get(row, i, count, in.whole, A(0));
#pragma unroll
    for (int k = 0; k < V; ++k) v[k] = (v[k] - mean) * r * w[k] + b[k];
    gpu::store_first(y + at + i, gpu::convert_pack<T>(v), count, in.whole);
  });
  if (!active || me.thread != 0) return;
  if constexpr (kCentred) means[row] = mean;
  rs[row] = r;
}

template <bool kCentred, class T, class Parameters>
void normalize_rows(const NormInputs<T, Parameters>& in, const View& x, const View& y, const View& mean, const View& r,
                    double eps) {
  using A = Compute<T>;
  const gpu::RowTeams teams(x.rows(), x.cols(), gpu::kPack<T>);
  gpu::visit_vectors(teams, [&]<int kVectors>() {
    gpu::launch(row_norm_kernel<kCentred, T, kVectors, Parameters>, {teams.blocks(), unsigned(teams.threads)}, in,
                y.data<T>(), mean.data<A>(), r.data<A>(), A(eps), teams);
  });
}

template <bool kCentred>
void row_norm_forward(View x, View w, View b, View y, View mean, View r, double eps) {
  if (x.rows() == 0) return;
  visit_float(x.dtype, [&]<class T>() {
    const NormInputs<T, OfColumns<T>> in{
        x.data<T>(), {w.data<T>()}, {b.data<T>()}, gpu::whole_of<T>(x.cols(), x, w, b, y)};
    normalize_rows<kCentred>(in, x, y, mean, r, eps);
  });
}

// ---- Backward. With h = (x - mean) r:   dx = r (w dy - mean(w dy) - h mean(h w dy)), of rms_norm without the first
// mean;   dw = sum over rows of h dy,   db = of dy.
template <class T, class Parameters>
struct NormGradient {
  const T *x, *dy;
  Parameters w;
  const Compute<T>*means, *rs;
  T* dx;  // may be null
  int whole;
};

template <class A>
struct SumPair {
  A first, second;
};
template <class A>
struct AddPair : Combination<AddPair<A>, SumPair<A>, SumPair<A>> {
  __device__ static SumPair<A> identity() { return {0, 0}; }
  __device__ __forceinline__ static SumPair<A> combine(const SumPair<A>& a, const SumPair<A>& b) {
    return {a.first + b.first, a.second + b.second};
  }
  __device__ __forceinline__ SumPair<A> operator()(const SumPair<A>& a, const SumPair<A>& b) const {
    return combine(a, b);
  }
};

// The lines of threads, each of `team`, add up values[k] in order; the first line has the sums. All of the block call.
template <int kWidth, class A>
__device__ __forceinline__ void sum_lines(A (&values)[kWidth], int team) {
  constexpr int kThreads = gpu::kRowThreads;
  GPU_SHARED(shared, A[kWidth * kThreads]);
  const int thread = int(threadIdx.x), line = thread / team;
  __syncthreads();
#pragma unroll
  for (int k = 0; k < kWidth; ++k) shared[k * kThreads + thread] = values[k];
  for (int half = kThreads / team / 2; half > 0; half /= 2) {
    __syncthreads();
    if (line >= half) continue;
#pragma unroll
    for (int k = 0; k < kWidth; ++k)
      shared[k * kThreads + thread] = values[k] += shared[k * kThreads + thread + half * team];
  }
}

// Each block takes `rows_each` rows and leaves its sums of h dy, and of dy, in partials (blocks, 2, cols), unless that
// is null. kVectors 0: dx alone.
template <bool kCentred, class T, int kVectors, class Parameters>
__global__ void __launch_bounds__(gpu::kRowThreads)
    row_norm_backward_kernel(NormGradient<T, Parameters> in, Compute<T>* partials, std::int64_t rows_each,
                             gpu::RowTeams teams) {
  using A = Compute<T>;
  constexpr int V = gpu::kPack<T>, kSums = kVectors > 0 ? kVectors : 1;
  const gpu::TeamMember me(teams);
  const int lines = int(blockDim.x) / me.size, line = int(threadIdx.x) / me.size;
  const std::int64_t begin = std::int64_t(blockIdx.x) * rows_each;
  [[maybe_unused]] A dw[kSums][V] = {}, db[kSums][V] = {};
  for (std::int64_t first = begin; first < begin + rows_each && first < teams.rows; first += lines) {
    const bool active = first + line < begin + rows_each && first + line < teams.rows;
    const std::int64_t row = active ? first + line : 0, at = row * teams.cols;
    const int n = active ? teams.cols : 0;
    const gpu::RowPart<T, kVectors> xs(in.x + at, n, in.whole, me), dys(in.dy + at, n, in.whole, me);
    const A mean = kCentred && active ? in.means[row] : A(0), r = active ? in.rs[row] : A(0);
    SumPair<A> sums{0, 0};
    gpu::for_vectors<kVectors, V>(n, me, [&](int p, int i, int count) {
      const auto x = xs.get(p, i, count), dy = dys.get(p, i, count);
      const auto w = in.w.get(row, i, count, in.whole, A(1));
#pragma unroll
      for (int k = 0; k < V; ++k) {
        const A g = dy[k] * w[k], d = x[k] - mean;  // dy is 0 beyond the row
        sums.first += g;
        sums.second += g * d;
        if constexpr (kVectors > 0) {
          dw[p][k] += dy[k] * (d * r);
          db[p][k] += dy[k];
        }
      }
    });
    if (in.dx == nullptr) continue;
    A level = 0;
    if constexpr (kCentred) {
      sums = gpu::team_reduce(sums, me.size, AddPair<A>());
      level = sums.first / A(teams.cols);
    } else {
      sums.second = gpu::team_sum(sums.second, me.size);
    }
    const A slope = sums.second / A(teams.cols) * r * r;
    gpu::for_vectors<kVectors, V>(n, me, [&](int p, int i, int count) {
      const auto x = xs.get(p, i, count);
      auto g = dys.get(p, i, count);
      const auto w = in.w.get(row, i, count, in.whole, A(1));
#pragma unroll
      for (int k = 0; k < V; ++k) g[k] = (g[k] * w[k] - level - (x[k] - mean) * slope) * r;
      gpu::store_first(in.dx + at + i, gpu::convert_pack<T>(g), count, in.whole);
    });
  }
  if constexpr (kVectors > 0) {
    if (partials == nullptr) return;
#pragma unroll
    for (int p = 0; p < kVectors; ++p) {
      if (lines > 1) {
        sum_lines(dw[p], me.size);
        sum_lines(db[p], me.size);
      }
      const int i = (p * me.size + me.thread) * V;
      A* to = partials + std::int64_t(blockIdx.x) * 2 * teams.cols + i;
#pragma unroll
      for (int k = 0; k < V; ++k) {
        if (line != 0 || i + k >= teams.cols) continue;
        to[k] = dw[p][k];
        to[teams.cols + k] = db[p][k];
      }
    }
  }
}

// Of sums over rows: the first half of all outputs is dw, the second db.
template <class T>
struct StoreBoth {
  T *dw, *db;  // either may be null
  std::int64_t cols;
  __device__ void operator()(std::int64_t at, Compute<T> sum) const {
    T* to = at < cols ? dw : db;
    if (to) to[at < cols ? at : at - cols] = convert<T>(sum);
  }
};
template <class A>
struct AddPartials : Combination<AddPartials<A>, A, A> {
  __device__ static A identity() { return 0; }
  __device__ __forceinline__ static A combine(A a, A b) { return a + b; }
};

// Wide rows' dw and db: {h dy, dy} of column elements.
template <class A>
struct ParameterTerm : Stateless<ParameterTerm<A>> {
  const A *means, *rs;
  __device__ SumPair<A> operator()(std::int64_t row, A x, A dy) const {
    return {dy * ((x - (means ? means[row] : A(0))) * rs[row]), dy};
  }
};
template <class T>
struct StorePair {
  T *dw, *db;
  __device__ void operator()(std::int64_t at, const SumPair<Compute<T>>& sum) const {
    if (dw) dw[at] = convert<T>(sum.first);
    if (db) db[at] = convert<T>(sum.second);
  }
};

template <bool kCentred>
void row_norm_backward(View x, View w, View mean, View r, View dy, View dx, View dw, View db) {
  const std::int64_t rows = x.rows(), cols = x.cols();
  visit_float(x.dtype, [&]<class T>() {
    using A = Compute<T>;
    constexpr int V = gpu::kPack<T>;
    const bool sums = dw.defined() || db.defined();
    const gpu::RowTeams teams(rows, cols, V, gpu::kRowThreads);
    const bool wide = teams.vectors == 0;
    using Parameters = OfColumns<T>;
    const NormGradient<T, Parameters> in{x.data<T>(),
                                         dy.data<T>(),
                                         {w.data<T>()},
                                         mean.data<A>(),
                                         r.data<A>(),
                                         dx.data<T>(),
                                         gpu::whole_of<T>(cols, x, w, dy, dx)};
    // With sums there are as many blocks as run at once, but each has some rows, beside which its sums are little.
    const std::int64_t at_once = 132 * (sizeof(T) == 2 && teams.vectors > 1 ? 256 : 512);  // threads, by registers
    const std::int64_t lines = teams.teams(), most = at_once / teams.threads;
    std::int64_t rows_each = lines;
    if (sums && !wide) {
      const std::int64_t some = rows < 8 * 132 ? gpu::ceil_div(rows, std::int64_t(132)) : 8;
      rows_each = gpu::ceil_div(rows, most);
      rows_each = gpu::ceil_div(rows_each < some ? some : rows_each, lines) * lines;
    }
    const std::int64_t blocks = rows > 0 ? gpu::ceil_div(rows, rows_each) : 0;
    const gpu::Workspace<A> partials(sums && !wide ? blocks * 2 * cols : 0);
    if (dx.defined() || !wide)
      gpu::visit_vectors(teams, [&]<int kVectors>() {
        gpu::launch(row_norm_backward_kernel<kCentred, T, kVectors, Parameters>,
                    {unsigned(blocks), unsigned(teams.threads)}, in, sums ? partials.data : nullptr, rows_each, teams);
      });
    if (!sums) return;
    View columns = x;
    columns.ndim = 2;
    columns.shape[0] = 1;
    columns.shape[1] = columns.strides[0] = wide ? cols : 2 * cols;
    columns.strides[1] = 1;
    if (wide) {
      reduce_over_columns<AddPair<A>>(ReducePlan(x, columns), {x.data<const T>(), dy.data<const T>()},
                                      ParameterTerm<A>{{}, mean.data<A>(), r.data<A>()},
                                      StorePair<T>{dw.data<T>(), db.data<T>()});
    } else {
      combine<AddPartials<A>>(ReducePlan(columns, columns), partials.data, blocks,
                              StoreBoth<T>{dw.data<T>(), db.data<T>(), cols});
    }
  });
}

}  // namespace
}  // namespace tilestack::cuda

#include "ops/cross_entropy/cross_entropy.h"

#include "cuda/class_loss.cuh"
#include "cuda/softmax.cuh"

namespace tilestack::cuda {
namespace {

// What rows are compared with. q' is the target's distribution with the smoothing, of class targets the smoothing
// alone; w their weights.
template <class T>
struct Wanted {
  using A = Compute<T>;
  ClassTargets classes;
  const T *probabilities, *weight;  // either may be null
  A keep, share;
  bool spread;  // q' is not 0 everywhere
  int whole;    // of all rows

  Wanted(const View& x, const View& target, const View& weights, ClassLossOptions options, int whole)
      : classes("cross_entropy", target, x.shape[1], options),
        probabilities(is_float(target.dtype) ? target.data<const T>() : nullptr),
        weight(weights.data<const T>()),
        keep(A(1 - options.label_smoothing)),
        share(A(options.label_smoothing / double(x.shape[1]))),
        spread(probabilities || share != 0),
        whole(whole) {}
  // The class of a row of the grid, -1 if it does not count, 0 with probabilities.
  __device__ __forceinline__ std::int64_t class_of(std::int64_t row) const {
    return probabilities ? 0 : classes.at(row);
  }
  // w q' of a vector of a row's classes, 0 beyond the row.
  __device__ __forceinline__ gpu::Pack<A, gpu::kPack<T>> weighted(std::int64_t row, int i, int count) const {
    constexpr int V = gpu::kPack<T>;
    gpu::Pack<A, V> q;
#pragma unroll
    for (int k = 0; k < V; ++k) q[k] = k < count ? share : A(0);
    if (probabilities) {
      const auto p = gpu::load_first<V>(probabilities + row * classes.classes + i, count, whole);
#pragma unroll
      for (int k = 0; k < V; ++k) q[k] += keep * to_compute(p[k]);
    }
    if (weight) {
      const auto w = gpu::load_first<V>(weight + i, count, whole);
#pragma unroll
      for (int k = 0; k < V; ++k) q[k] *= to_compute(w[k]);
    }
    return q;
  }
};

// Of some classes: log-sum-exp, and what the loss takes from q': the sums of w q' (max - x) and of w q'.
template <class A>
struct LossPart {
  LogSum<A> exps;
  A loss, weights;

  // For another maximum. Differences from -inf count where there are classes.
  __device__ __forceinline__ void move_to(A max) {
    if (weights != 0 && max != exps.max) loss += (max - exps.max) * weights;
  }
  struct Merge {
    __device__ __forceinline__ LossPart operator()(LossPart a, LossPart b) const {
      const auto exps = typename LogSum<A>::Merge()(a.exps, b.exps);
      a.move_to(exps.max);
      b.move_to(exps.max);
      return {exps, a.loss + b.loss, a.weights + b.weights};
    }
  };
};

// One pass over the logits.
template <class T>
__global__ void __launch_bounds__(gpu::kTeamThreads, 1)
    forward_kernel(const T* x, Wanted<T> wanted, Compute<T>* l, Compute<T>* losses, Compute<T>* weights, T* y,
                   gpu::RowTeams teams) {
  using A = Compute<T>;
  constexpr int V = gpu::kPack<T>, U = 4;
  const gpu::TeamMember me(teams);
  const std::int64_t row = me.row < teams.rows ? me.row : 0;
  const int n = me.row < teams.rows ? teams.cols : 0;
  const T* in = x + row * teams.cols;
  LossPart<A> part{LogSum<A>::none(), 0, 0};
  for (std::int64_t first = me.thread; first * V < n; first += U * me.size) {
    gpu::Pack<T, V> v[U];
    int count[U];
#pragma unroll
    for (int u = 0; u < U; ++u) {
      const std::int64_t i = (first + u * me.size) * V, left = i < n ? n - i : 0;
      count[u] = left < V ? int(left) : V;
      v[u] = gpu::load_first<V>(in + i, count[u], wanted.whole);
    }
#pragma unroll
    for (int u = 0; u < U; ++u) {
      const auto values = gpu::convert_pack<A>(v[u]);
      LossPart<A> before = part;
      part.exps.take(values.at, [&](int k) { return k < count[u]; });
      if (!wanted.spread || count[u] == 0) continue;
      before.move_to(part.exps.max);
      part.loss = before.loss;
      const auto q = wanted.weighted(row, int(first + u * me.size) * V, count[u]);
#pragma unroll
      for (int k = 0; k < V; ++k) {
        part.weights += q[k];
        if (k < count[u] && part.exps.max != values[k]) part.loss += q[k] * (part.exps.max - values[k]);
      }
    }
  }
  part = gpu::team_reduce(part, me.size, typename LossPart<A>::Merge());
  if (me.row >= teams.rows || me.thread != 0) return;
  const A max = part.exps.max, rest = A(log(part.exps.sum));
  const std::int64_t c = wanted.class_of(row);
  A loss = wanted.spread ? part.loss + rest * part.weights : A(0), w = 1;
  if (!wanted.probabilities) {
    w = c < 0 ? A(0) : weight_of(wanted.weight, c);
    loss = c < 0 ? A(0) : loss + wanted.keep * w * (max - to_compute(in[c]) + rest);
  }
  l[2 * row] = max;
  l[2 * row + 1] = rest;
  losses[row] = loss;
  weights[row] = w;
  if (y) y[row] = convert<T>(loss);
}

std::int64_t forward(View x, View target, View weight, View l, View total, View y, ClassLossOptions options) {
  const std::int64_t rows = x.shape[0];
  visit_float(x.dtype, [&]<class T>() {
    using A = Compute<T>;
    constexpr int V = gpu::kPack<T>;
    const gpu::RowTeams teams(rows, x.shape[1], V);
    const gpu::Workspace<A> losses(rows), weights(rows);
    gpu::launch(forward_kernel<T>, {teams.blocks(), unsigned(teams.threads)}, x.data<const T>(),
                Wanted<T>(x, target, weight, options,
                          gpu::whole_of<T>(teams.cols, x, is_float(target.dtype) ? target : x, weight)),
                l.data<A>(), losses.data, weights.data,
                options.reduction == LossReduction::none ? y.data<T>() : nullptr, teams);
    sum_losses<T>(losses, weights, rows, total, y, options.reduction);
  });
  return -1;
}

// dx = g (p sum(w q') - w q')
template <class T>
__global__ void __launch_bounds__(gpu::kTeamThreads, 1)
    backward_kernel(const T* x, Wanted<T> wanted, const Compute<T>* l, LossScale<T> scale, T* dx, gpu::RowTeams teams) {
  using A = Compute<T>;
  constexpr int V = gpu::kPack<T>;
  const gpu::TeamMember me(teams);
  const bool active = me.row < teams.rows;
  const std::int64_t row = active ? me.row : 0, at = row * teams.cols, c = active ? wanted.class_of(row) : -1;
  const int n = active ? teams.cols : 0;
  A all = 0;  // sum(w q')
  if (wanted.spread) {
    gpu::for_vectors<0, V>(n, me, [&](int, int i, int count) {
      const auto q = wanted.weighted(row, i, count);
#pragma unroll
      for (int k = 0; k < V; ++k) all += q[k];
    });
    all = gpu::team_sum(all, me.size);
  }
  if (!active) return;
  const bool one = !wanted.probabilities;  // one class on top
  const A w = one && c >= 0 ? wanted.keep * weight_of(wanted.weight, c) : A(0);
  const A g = c < 0 ? A(0) : scale.at(row), max = l[2 * row];
  const A factor = (all + w) * exponential(-l[2 * row + 1]) * g;  // exp(x - max) factor = p sum(w q') g
  gpu::for_vectors<0, V>(n, me, [&](int, int i, int count) {
    gpu::Pack<A, V> v = {};
    if (c >= 0) {
      v = gpu::convert_pack<A>(gpu::load_first<V>(x + at + i, count, wanted.whole));
#pragma unroll
      for (int k = 0; k < V; ++k) {
        v[k] = exponential(v[k] - max) * factor;
        if (one && i + k == c) v[k] -= g * w;
      }
      if (wanted.spread) {
        const auto q = wanted.weighted(row, i, count);
#pragma unroll
        for (int k = 0; k < V; ++k) v[k] -= g * q[k];
      }
    }
    gpu::store_first(dx + at + i, gpu::convert_pack<T>(v), count, wanted.whole);
  });
}

void backward(View x, View target, View weight, View l, View total, View dy, View dx, ClassLossOptions options) {
  if (x.numel() == 0) return;
  visit_float(x.dtype, [&]<class T>() {
    using A = Compute<T>;
    constexpr int V = gpu::kPack<T>;
    const gpu::RowTeams teams(x.shape[0], x.shape[1], V);
    gpu::launch(backward_kernel<T>, {teams.blocks(), unsigned(teams.threads)}, x.data<const T>(),
                Wanted<T>(x, target, weight, options,
                          gpu::whole_of<T>(teams.cols, x, is_float(target.dtype) ? target : x, weight, dx)),
                l.data<const A>(), LossScale<T>{dy.data<const T>(), total.data<const A>(), options.reduction},
                dx.data<T>(), teams);
  });
}

}  // namespace
const CrossEntropyKernels cross_entropy = {forward, backward};
TILESTACK_CUDA_TABLE(cross_entropy)
}  // namespace tilestack::cuda

#include "ops/batch_norm/batch_norm.h"

#include "cuda/moments.cuh"
#include "cuda/rows.cuh"

namespace tilestack::cuda {
namespace {

constexpr int kThreads = 256;

// One number for each channel, as the result of a reduction of x over its rows.
View of_channels(const View& x) {
  View y = x;
  y.pointer = nullptr;
  y.shape[0] = 1;
  return y;
}

template <class A>
struct StoreMoments {
  A *mean, *variance;
  __device__ void operator()(std::int64_t channel, const Moments<double>& of) const {
    mean[channel] = A(of.mean);
    variance[channel] = A(of.n == 0 ? 0 : of.squares / of.n);
  }
};

void statistics(View x, View mean, View variance) {
  visit_float(x.dtype, [&]<class T>() {
    using A = Compute<T>;
    reduce<Merge<A>>(ReducePlan(x, of_channels(x)), {x.data<const T>()}, Itself(),
                     StoreMoments<A>{mean.data<A>(), variance.data<A>()});
  });
}

template <class T, class A>
__global__ void blend_kernel(T* running, std::int64_t stride, const A* fresh, std::int64_t n, double momentum,
                             double factor) {
  for (std::int64_t i = gpu::global_thread(); i < n; i += gpu::global_threads()) {
    T& value = running[i * stride];
    value = convert<T>(Compute<T>((1 - momentum) * double(to_compute(value)) + momentum * factor * double(fresh[i])));
  }
}

void update_running(View mean, View variance, View running_mean, View running_var, double momentum, double correction) {
  const auto blend = [&](const View& running, const View& fresh, double factor) {
    if (!running.defined()) return;
    const std::int64_t n = fresh.numel();
    visit_float(running.dtype, [&]<class T>() {
      const auto run = [&]<class A>() {
        gpu::launch(blend_kernel<T, A>, {gpu::blocks_for(n, kThreads), kThreads}, running.data<T>(), running.stride(0),
                    fresh.data<const A>(), n, momentum, factor);
      };
      fresh.dtype == DType::float64 ? run.template operator()<double>() : run.template operator()<float>();
    });
  };
  blend(running_mean, mean, 1);
  blend(running_var, variance, correction);
}

// ---- Passes over all elements: a thread has a vector of channels and walks down some rows.
struct ChannelTiles {
  std::int64_t rows;
  int channels, vectors, width, whole;

  template <class T, class... Views>
  static ChannelTiles of(const View& x, const Views&... others) {
    const std::int64_t channels = x.shape[1];
    if (channels >= std::int64_t(1) << 30) gpu::fail("batch_norm: too many channels for a GPU");
    ChannelTiles tiles{x.shape[0], int(channels), int(gpu::ceil_div(channels, std::int64_t(gpu::kPack<T>))), 1,
                       gpu::whole_of<T>(channels, x, others...)};
    while (tiles.width < kThreads && tiles.width < tiles.vectors) tiles.width *= 2;
    return tiles;
  }
  // Across the channels, and down the rows.
  dim3 grid() const {
    const auto across = unsigned(gpu::ceil_div(vectors, width)), height = unsigned(kThreads / width);
    const std::int64_t down = gpu::ceil_div(rows, std::int64_t(height) * 4), most = 1 + 132 * 8 / across;
    return {across, unsigned(down < most ? down : most)};
  }
};

// Numbers that a thread takes from each of its channels.
template <class T, class F>
__device__ __forceinline__ auto from_channels(int first, int count, F&& f) {
  gpu::Pack<Compute<T>, gpu::kPack<T>> out;
#pragma unroll
  for (int k = 0; k < gpu::kPack<T>; ++k) out[k] = k < count ? f(first + k) : Compute<T>(0);
  return out;
}

// f(offset, count) for the thread's vector in each of its rows.
template <class T, class F>
__device__ __forceinline__ void for_rows(const ChannelTiles& tiles, int first, int count, F&& f) {
  const int height = kThreads / tiles.width, line = int(threadIdx.x) / tiles.width;
#pragma unroll 4
  for (std::int64_t row = std::int64_t(blockIdx.y) * height + line; row < tiles.rows;
       row += std::int64_t(gridDim.y) * height)
    f(row * tiles.channels + first, count);
}

__device__ __forceinline__ int first_channel(const ChannelTiles& tiles, int width) {
  return (int(blockIdx.x) * tiles.width + int(threadIdx.x) % tiles.width) * width;
}

template <class A>
__device__ __forceinline__ A inverse_deviation(A variance, A eps) {
  return A(1) / sqrt(variance + eps);
}

template <class T>
__global__ void __launch_bounds__(kThreads)
    normalize_kernel(const T* __restrict__ x, const Compute<T>* mean, const Compute<T>* variance, const T* w,
                     const T* b, T* __restrict__ y, Compute<T> eps, ChannelTiles tiles) {
  using A = Compute<T>;
  constexpr int V = gpu::kPack<T>;
  const int first = first_channel(tiles, V), count = tiles.channels - first;
  if (count <= 0) return;
  const auto centers = from_channels<T>(first, count, [&](int c) { return mean[c]; });
  const auto scales = from_channels<T>(first, count, [&](int c) {
    const A r = inverse_deviation(variance[c], eps);
    return w ? r * to_compute(w[c]) : r;
  });
  const auto shifts = from_channels<T>(first, count, [&](int c) { return b ? to_compute(b[c]) : A(0); });
  for_rows<T>(tiles, first, count, [&](std::int64_t at, int n) {
    auto v = gpu::convert_pack<A>(gpu::load_first<V>(x + at, n, tiles.whole));
#pragma unroll
    for (int k = 0; k < V; ++k) v[k] = (v[k] - centers[k]) * scales[k] + shifts[k];
    gpu::store_first(y + at, gpu::convert_pack<T>(v), n, tiles.whole);
  });
}

void normalize(View x, View mean, View variance, View w, View b, View y, double eps) {
  if (x.numel() == 0) return;
  visit_float(x.dtype, [&]<class T>() {
    using A = Compute<T>;
    const auto tiles = ChannelTiles::of<T>(x, y);
    gpu::launch(normalize_kernel<T>, {tiles.grid(), kThreads}, x.data<const T>(), mean.data<const A>(),
                variance.data<const A>(), w.data<const T>(), b.data<const T>(), y.data<T>(), A(eps), tiles);
  });
}

void forward(View x, View mean, View variance, View w, View b, View y, double eps, bool training) {
  if (training) statistics(x, mean, variance);
  normalize(x, mean, variance, w, b, y, eps);
}

// ---- Backward. Of each channel, the sums of dy and of (x - mean) dy.
template <class A>
struct Slopes {
  A dy, product;
};
template <class A>
struct AddSlopes : Combination<AddSlopes<A>, Slopes<A>, Slopes<double>> {
  __device__ static Slopes<A> identity() { return {0, 0}; }
  template <class V>
  __device__ __forceinline__ static Slopes<V> combine(const Slopes<V>& a, const Slopes<V>& b) {
    return {a.dy + b.dy, a.product + b.product};
  }
  __device__ __forceinline__ static Slopes<double> widen(const Slopes<A>& x) { return {x.dy, x.product}; }
};

template <class A>
struct SlopeTerm {
  struct About {
    A mean;
    __device__ Slopes<A> operator()(std::int64_t, A dy, A x) const { return {dy, dy * (x - mean)}; }
  };
  const A* mean;
  __device__ About at(std::int64_t channel) const { return {mean[channel]}; }
};

// dw = r * sum of (x - mean) dy,   db = sum of dy; and what dx takes from a channel, if training: the means of dy and
// of r^2 (x - mean) dy.
template <class T>
struct StoreSlopes {
  using A = Compute<T>;
  const A* variance;
  T *dw, *db;
  A *levels, *slopes;
  A eps;
  double rows;
  __device__ void operator()(std::int64_t channel, const Slopes<double>& sum) const {
    const A r = inverse_deviation(variance[channel], eps);
    if (dw) dw[channel] = convert<T>(A(sum.product) * r);
    if (db) db[channel] = convert<T>(A(sum.dy));
    if (!levels) return;
    levels[channel] = A(sum.dy / rows);
    slopes[channel] = A(sum.product / rows) * r * r;
  }
};

// dx = w r (dy - level - (x - mean) slope), where levels and slopes are null in evaluation.
template <class T>
__global__ void __launch_bounds__(kThreads)
    backward_kernel(const T* __restrict__ x, const Compute<T>* mean, const Compute<T>* variance, const T* w,
                    const T* __restrict__ dy, const Compute<T>* levels, const Compute<T>* slopes, T* __restrict__ dx,
                    Compute<T> eps, ChannelTiles tiles) {
  using A = Compute<T>;
  constexpr int V = gpu::kPack<T>;
  const int first = first_channel(tiles, V), count = tiles.channels - first;
  if (count <= 0) return;
  const auto scales = from_channels<T>(first, count, [&](int c) {
    const A r = inverse_deviation(variance[c], eps);
    return w ? r * to_compute(w[c]) : r;
  });
  if (levels == nullptr) {
    for_rows<T>(tiles, first, count, [&](std::int64_t at, int n) {
      auto g = gpu::convert_pack<A>(gpu::load_first<V>(dy + at, n, tiles.whole));
#pragma unroll
      for (int k = 0; k < V; ++k) g[k] *= scales[k];
      gpu::store_first(dx + at, gpu::convert_pack<T>(g), n, tiles.whole);
    });
    return;
  }
  const auto centers = from_channels<T>(first, count, [&](int c) { return mean[c]; });
  const auto level = from_channels<T>(first, count, [&](int c) { return levels[c]; });
  const auto slope = from_channels<T>(first, count, [&](int c) { return slopes[c]; });
  for_rows<T>(tiles, first, count, [&](std::int64_t at, int n) {
    auto g = gpu::convert_pack<A>(gpu::load_first<V>(dy + at, n, tiles.whole));
    const auto v = gpu::convert_pack<A>(gpu::load_first<V>(x + at, n, tiles.whole));
#pragma unroll
    for (int k = 0; k < V; ++k) g[k] = (g[k] - level[k] - (v[k] - centers[k]) * slope[k]) * scales[k];
    gpu::store_first(dx + at, gpu::convert_pack<T>(g), n, tiles.whole);
  });
}

void backward(View x, View mean, View variance, View w, View dy, View dx, View dw, View db, double eps, bool training) {
  const bool levelled = training && dx.defined();
  visit_float(x.dtype, [&]<class T>() {
    using A = Compute<T>;
    const std::int64_t channels = x.shape[1];
    const gpu::Workspace<A> levels(levelled ? 2 * channels : 0);
    A* const slopes = levelled ? levels + channels : nullptr;
    if (levelled || dw.defined() || db.defined())
      reduce<AddSlopes<A>>(ReducePlan(x, of_channels(x)), {dy.data<const T>(), x.data<const T>()},
                           SlopeTerm<A>{mean.data<const A>()},
                           StoreSlopes<T>{variance.data<const A>(), dw.data<T>(), db.data<T>(),
                                          levelled ? levels.data : nullptr, slopes, A(eps), double(x.shape[0])});
    if (!dx.defined() || x.numel() == 0) return;
    const auto tiles = ChannelTiles::of<T>(x, dy, dx);
    gpu::launch(backward_kernel<T>, {tiles.grid(), kThreads}, x.data<const T>(), mean.data<const A>(),
                variance.data<const A>(), w.data<const T>(), dy.data<const T>(),
                static_cast<const A*>(levelled ? levels.data : nullptr), static_cast<const A*>(slopes), dx.data<T>(),
                A(eps), tiles);
  });
}

}  // namespace
const BatchNormKernels batch_norm = {forward, update_running, backward};
TILESTACK_CUDA_TABLE(batch_norm)
}  // namespace tilestack::cuda

#pragma once
// Pooling of channels-last images. One thread has one vector of channels at one position; neighbours have the next
// channels, then the next column. Backward gathers: each input position adds up what the windows over it send, in their
// order. Windows and images: csrc/core/pooling.h says what they mean.
#include <algorithm>

#include "cuda/fast_div.h"

namespace tilestack::gpu {

constexpr int kPoolThreads = 256;

struct PoolSpan {
  int begin, end;
};

// The windows along one dimension.
struct PoolAxis {
  int in, out, taps, stride, padding, dilation, extent;
  bool adapts;
  FastDiv by_stride, by_dilation, by_in, by_out;

  static PoolAxis sliding(std::int64_t in, std::int64_t out, std::int64_t taps, std::int64_t stride,
                          std::int64_t padding, std::int64_t dilation) {
    constexpr std::int64_t kMost = 1 << 30;  // what a single window or tap does not use may be of any size
    PoolAxis axis{};
    axis.in = int(in), axis.out = int(out), axis.taps = int(taps), axis.padding = int(padding);
    axis.stride = int(std::min(stride, kMost)), axis.dilation = int(std::min(dilation, kMost));
    axis.extent = (axis.taps - 1) * axis.dilation + 1;
    axis.by_stride = FastDiv(axis.stride), axis.by_dilation = FastDiv(axis.dilation);
    return axis;
  }
  // Window o covers floor(o in / out) up to ceil((o + 1) in / out).
  static PoolAxis adaptive(std::int64_t in, std::int64_t out) {
    PoolAxis axis{};
    axis.in = int(in), axis.out = int(out), axis.taps = int(in / out + 2);
    axis.stride = axis.dilation = 1;
    axis.adapts = true;
    axis.by_in = FastDiv(in), axis.by_out = FastDiv(out);
    return axis;
  }

  // Position of tap 0 of window o, outside of the input where it is padded.
  __device__ __forceinline__ int start(int o) const {
    return adapts ? quotient(std::uint64_t(o) * std::uint64_t(in), by_out) : o * stride - padding;
  }
  // Its taps that lie in the input.
  __device__ __forceinline__ PoolSpan inside(int o) const {
    const int first = start(o);
    if (adapts) return {0, quotient(std::uint64_t(o + 1) * std::uint64_t(in) + std::uint64_t(out - 1), by_out) - first};
    if (dilation == 1) return {first < 0 ? -first : 0, first < in ? min(in - first, taps) : 0};
    const int begin = first < 0 ? int(by_dilation.divide(std::uint32_t(-first + dilation - 1))) : 0;
    const int end = first < in ? int(by_dilation.divide(std::uint32_t(in - first + dilation - 1))) : 0;
    return {begin, min(end, taps)};
  }
  // The windows that may hold position i.
  __device__ __forceinline__ PoolSpan over(int i) const {
    if (adapts)
      return {quotient(std::uint64_t(i) * std::uint64_t(out), by_in),
              quotient(std::uint64_t(i + 1) * std::uint64_t(out) + std::uint64_t(in - 1), by_in)};
    const int reach = i + padding, end = int(by_stride.divide(std::uint32_t(reach))) + 1;
    const int begin = reach < extent ? 0 : int(by_stride.divide(std::uint32_t(reach - extent))) + 1;
    return {begin, min(end, out)};
  }
  // Tap of window o that reads position i; -1 if none does.
  __device__ __forceinline__ int tap(int o, int i) const {
    const int distance = i - start(o);
    if (dilation == 1) return distance;
    std::uint32_t rest = std::uint32_t(distance);
    return by_dilation.split(rest) == 0 ? int(rest) : -1;
  }

 private:
  static __device__ __forceinline__ int quotient(std::uint64_t n, const FastDiv& by) {
    if (n >> 31 == 0) return int(by.divide(std::uint32_t(n)));
    return int(n / by.divisor);
  }
};

struct PoolAxes {
  PoolAxis h, w;
};

// What a mean divides by. Those of a window's positions beyond the padding, which ceil_mode adds, never count.
template <class C>
struct PoolScale {
  C uniform;  // of all windows; 0: they differ
  bool count_padding;

  __device__ __forceinline__ int count(const PoolAxis& axis, int o) const {
    if (count_padding) return min(axis.in + axis.padding - axis.start(o), axis.taps);
    const PoolSpan inside = axis.inside(o);
    return inside.end - inside.begin;
  }
  __device__ __forceinline__ C of(const PoolAxes& axes, int oh, int ow) const {
    if (uniform != 0) return uniform;
    return 1 / (C(count(axes.h, oh)) * C(count(axes.w, ow)));
  }
};

// Which images a launch works on, and how its units, vectors of channels at positions of `height` x `width`, follow
// each other.
struct PoolUnits {
  std::int64_t first_image;
  int channels;
  std::uint32_t count;
  FastDiv parts, width, height;
};
struct PoolPlace {
  int c, row, column;
  std::int64_t image;
};
template <int kWidth>
__device__ __forceinline__ PoolPlace place_of(const PoolUnits& units, std::uint32_t unit) {
  PoolPlace place;
  place.c = int(units.parts.split(unit)) * kWidth;
  place.column = int(units.width.split(unit));
  place.row = int(units.height.split(unit));
  place.image = units.first_image + unit;
  return place;
}

// f(units) for as many images at once as can be counted.
template <class F>
void for_pool_units(const View& images, int width, F&& f) {
  const std::int64_t parts = images.shape[1] / width, image = parts * images.shape[2] * images.shape[3];
  if (image * images.shape[0] == 0) return;
  constexpr std::int64_t kMost = (std::int64_t(1) << 31) - 1;
  if (image > kMost) fail("pooling is limited to images of 2^31 elements");
  const std::int64_t step = kMost / image;
  for (std::int64_t first = 0; first < images.shape[0]; first += step) {
    const std::int64_t count = std::min(step, images.shape[0] - first) * image;
    f(PoolUnits{first, int(images.shape[1]), std::uint32_t(count), FastDiv(parts), FastDiv(images.shape[3]),
                FastDiv(images.shape[2])});
  }
}

template <class T>
bool in_vectors(const View& x) {
  return x.shape[1] % kPack<T> == 0 && is_aligned(x.pointer, size_of(x.dtype) * kPack<T>);
}

// ---- Forward. What becomes of a window: State<N> holds N channels, of all taps or of some.
template <class T>
struct PoolMean {
  using C = Compute<T>;
  template <int N>
  using State = Pack<C, N>;
  T* y;
  PoolScale<C> scale;

  template <int N>
  static __device__ __forceinline__ State<N> empty(int) {
    return {};
  }
  template <int N>
  static __device__ __forceinline__ void take(State<N>& sum, const Pack<C, N>& x, int) {
#pragma unroll
    for (int k = 0; k < N; ++k) sum[k] += x[k];
  }
  template <int N>
  static __device__ __forceinline__ void merge(State<N>& sum, const State<N>& other) {
    take(sum, other, 0);
  }
  template <int N>
  __device__ __forceinline__ void finish(State<N> sum, const PoolAxes& axes, const PoolPlace& o,
                                         std::int64_t at) const {
    const C factor = scale.of(axes, o.row, o.column);
#pragma unroll
    for (int k = 0; k < N; ++k) sum[k] *= factor;
    store_compute(y + at, sum);
  }
};

// The largest element and which tap it is, the first of equal ones; NaN wins.
template <class T, class Tap>
struct PoolMax {
  using C = Compute<T>;
  template <int N>
  struct State {
    Pack<C, N> best;
    Pack<int, N> tap;
  };
  T* y;
  Tap* tap;  // may be null

  template <int N>
  static __device__ __forceinline__ State<N> empty(int first_tap) {
    State<N> state;
#pragma unroll
    for (int k = 0; k < N; ++k) state.best[k] = -C(__builtin_huge_val()), state.tap[k] = first_tap;
    return state;
  }
  template <int N>
  static __device__ __forceinline__ void take(State<N>& state, const Pack<C, N>& x, int here) {
#pragma unroll
    for (int k = 0; k < N; ++k) {
      const bool better = x[k] > state.best[k] || x[k] != x[k];
      state.best[k] = better ? x[k] : state.best[k];
      state.tap[k] = better ? here : state.tap[k];
    }
  }
  template <int N>
  static __device__ __forceinline__ void merge(State<N>& state, const State<N>& other) {
#pragma unroll
    for (int k = 0; k < N; ++k) {
      const C a = state.best[k], b = other.best[k];
      const bool nan = a != a || b != b;
      const bool better =
          nan ? b != b && (a == a || other.tap[k] > state.tap[k]) : b > a || (b == a && other.tap[k] < state.tap[k]);
      state.best[k] = better ? b : a;
      state.tap[k] = better ? other.tap[k] : state.tap[k];
    }
  }
  template <int N>
  __device__ __forceinline__ void finish(const State<N>& state, const PoolAxes&, const PoolPlace&,
                                         std::int64_t at) const {
    store_compute(y + at, state.best);
    if (tap) store(tap + at, convert_pack<Tap>(state.tap));
  }
};

// The window of output position o.
template <class T>
struct PoolWindow {
  const T* corner;
  std::int64_t row_step, column_step;
  PoolSpan rows, columns;

  __device__ __forceinline__ PoolWindow(const T* x, const PoolAxes& axes, const PoolPlace& o, int channels)
      : row_step(std::int64_t(axes.h.dilation) * axes.w.in * channels),
        column_step(std::int64_t(axes.w.dilation) * channels),
        rows(axes.h.inside(o.row)),
        columns(axes.w.inside(o.column)) {
    corner = x + ((o.image * axes.h.in + axes.h.start(o.row)) * axes.w.in + axes.w.start(o.column)) * channels + o.c;
  }
};

__device__ __forceinline__ std::int64_t output_at(const PoolAxes& axes, const PoolPlace& o, int channels) {
  return ((o.image * axes.h.out + o.row) * axes.w.out + o.column) * channels + o.c;
}

template <int kWidth, class T, class Result>
__global__ void pool_forward_kernel(const T* x, Result result, PoolAxes axes, PoolUnits units) {
  for (std::int64_t unit = global_thread(); unit < units.count; unit += global_threads()) {
    const PoolPlace o = place_of<kWidth>(units, std::uint32_t(unit));
    const PoolWindow<T> window(x, axes, o, units.channels);
    auto state = Result::template empty<kWidth>(window.rows.begin * axes.w.taps + window.columns.begin);
    for (int r = window.rows.begin; r < window.rows.end; ++r) {
      const T* from = window.corner + r * window.row_step + window.columns.begin * window.column_step;
#pragma unroll 2
      for (int s = window.columns.begin; s < window.columns.end; ++s, from += window.column_step)
        Result::template take<kWidth>(state, load_compute<kWidth>(from), r * axes.w.taps + s);
    }
    result.template finish<kWidth>(state, axes, o, output_at(axes, o, units.channels));
  }
}

// For few large windows: a block has `lanes` vectors of channels at one position, and each of its 256 / lanes slices
// takes its share of the window. Partial results are merged as a tree.
template <int kWidth, class T, class Result>
__global__ void pool_split_kernel(const T* x, Result result, PoolAxes axes, PoolUnits blocks, int lanes) {
  using State = typename Result::template State<kWidth>;
  GPU_SHARED(shared, State[kPoolThreads]);
  const int thread = int(threadIdx.x), lane = thread % lanes, slice = thread / lanes, slices = kPoolThreads / lanes;
  PoolPlace o = place_of<1>(blocks, blockIdx.x);
  o.c = (o.c * lanes + lane) * kWidth;
  const bool active = o.c < blocks.channels;
  if (active) {
    const PoolWindow<T> window(x, axes, o, blocks.channels);
    State state = Result::template empty<kWidth>(window.rows.begin * axes.w.taps + window.columns.begin);
    const int columns = window.columns.end - window.columns.begin;
    const int taps = columns > 0 ? (window.rows.end - window.rows.begin) * columns : 0;
#pragma unroll 2
    for (int i = slice; i < taps; i += slices) {
      const int r = window.rows.begin + i / columns, s = window.columns.begin + i % columns;
      const T* from = window.corner + r * window.row_step + s * window.column_step;
      Result::template take<kWidth>(state, load_compute<kWidth>(from), r * axes.w.taps + s);
    }
    shared[thread] = state;
  }
  for (int half = slices / 2; half > 0; half /= 2) {
    __syncthreads();
    if (active && slice < half) Result::template merge<kWidth>(shared[thread], shared[thread + half * lanes]);
  }
  if (active && slice == 0)
    result.template finish<kWidth>(shared[thread], axes, o, output_at(axes, o, blocks.channels));
}

template <class T, int kWidth, bool kMaySplit, class Result>
void pool_forward_in(const View& x, const View& y, const Result& result, const PoolAxes& axes) {
  const std::int64_t parts = y.shape[1] / kWidth, vectors = y.numel() / kWidth;
  if constexpr (kMaySplit) {
    constexpr int kLargeWindow = 32, kFewVectors = 1 << 17;
    if (std::int64_t(axes.h.taps) * axes.w.taps >= kLargeWindow && vectors < kFewVectors) {
      int lanes = 1;
      while (lanes < 32 && lanes < parts) lanes *= 2;
      View blocks = y;
      blocks.shape[1] = ceil_div(parts, std::int64_t(lanes));
      return for_pool_units(blocks, 1, [&](PoolUnits units) {
        units.channels = int(y.shape[1]);
        launch(pool_split_kernel<kWidth, T, Result>, {units.count, kPoolThreads}, x.data<T>(), result, axes, units,
               lanes);
      });
    }
  }
  for_pool_units(y, kWidth, [&](const PoolUnits& units) {
    launch(pool_forward_kernel<kWidth, T, Result>, {blocks_for(units.count, kPoolThreads), kPoolThreads}, x.data<T>(),
           result, axes, units);
  });
}

// result(o) of the window at each of y's positions. `vectors`: all memory can be had in vectors.
template <class T, bool kMaySplit, class Result>
void pool_forward(const View& x, const View& y, const Result& result, const PoolAxes& axes, bool vectors) {
  vectors ? pool_forward_in<T, kPack<T>, kMaySplit>(x, y, result, axes)
          : pool_forward_in<T, 1, kMaySplit>(x, y, result, axes);
}

// ---- Backward. What a window sends to one of its positions.
template <class T>
struct MeanGradient {
  const T* dy;
  PoolScale<Compute<T>> scale;

  template <int N>
  __device__ __forceinline__ void add(Pack<Compute<T>, N>& sum, const PoolAxes& axes, int oh, int ow, const PoolPlace&,
                                      std::int64_t at) const {
    const Compute<T> factor = scale.of(axes, oh, ow);
    const auto g = load_compute<N>(dy + at);
#pragma unroll
    for (int k = 0; k < N; ++k) sum[k] += factor * g[k];
  }
};

template <class T, class Tap>
struct MaxGradient {
  const T* dy;
  const Tap* tap;

  template <int N>
  __device__ __forceinline__ void add(Pack<Compute<T>, N>& sum, const PoolAxes& axes, int oh, int ow,
                                      const PoolPlace& i, std::int64_t at) const {
    const int r = axes.h.tap(oh, i.row), s = axes.w.tap(ow, i.column);
    if (r < 0 || s < 0) return;
    const int here = r * axes.w.taps + s;
    const auto won = load<N>(tap + at);
    const auto g = load_compute<N>(dy + at);
#pragma unroll
    for (int k = 0; k < N; ++k)
      if (int(won[k]) == here) sum[k] += g[k];
  }
};

template <int kWidth, class T, class Gradient>
__global__ void pool_backward_kernel(Gradient gradient, T* dx, PoolAxes axes, PoolUnits units) {
  for (std::int64_t unit = global_thread(); unit < units.count; unit += global_threads()) {
    const PoolPlace i = place_of<kWidth>(units, std::uint32_t(unit));
    const PoolSpan rows = axes.h.over(i.row), columns = axes.w.over(i.column);
    Pack<Compute<T>, kWidth> sum{};
    for (int oh = rows.begin; oh < rows.end; ++oh)
      for (int ow = columns.begin; ow < columns.end; ++ow) {
        const std::int64_t at = ((i.image * axes.h.out + oh) * axes.w.out + ow) * units.channels + i.c;
        gradient.template add<kWidth>(sum, axes, oh, ow, i, at);
      }
    store_compute(dx + ((i.image * axes.h.in + i.row) * axes.w.in + i.column) * units.channels + i.c, sum);
  }
}

template <class T, int kWidth, class Gradient>
void pool_backward_in(const Gradient& gradient, const View& dx, const PoolAxes& axes) {
  for_pool_units(dx, kWidth, [&](const PoolUnits& units) {
    launch(pool_backward_kernel<kWidth, T, Gradient>, {blocks_for(units.count, kPoolThreads), kPoolThreads}, gradient,
           dx.data<T>(), axes, units);
  });
}

template <class T, class Gradient>
void pool_backward(const Gradient& gradient, const View& dx, const PoolAxes& axes, bool vectors) {
  vectors ? pool_backward_in<T, kPack<T>>(gradient, dx, axes) : pool_backward_in<T, 1>(gradient, dx, axes);
}

}  // namespace tilestack::gpu

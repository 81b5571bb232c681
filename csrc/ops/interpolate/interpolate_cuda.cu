#include "ops/interpolate/interpolate.h"

#include "cuda/pooling.cuh"
#include "cuda/runtime.h"

namespace tilestack::cuda {
namespace {

constexpr int kThreads = 256;

template <class C>
struct LookAxis {
  Interpolation mode;
  C scale;
  int in, out;

  LookAxis(const Resampling& how, int dim, const View& x, const View& y)
      : mode(how.mode), scale(C(how.scale[dim])), in(int(x.shape[2 + dim])), out(int(y.shape[2 + dim])) {}
  __device__ __forceinline__ Look<C> look(int o) const { return look_of<C>(mode, scale, o, in); }
  __device__ __forceinline__ std::int64_t first(int o) const { return look(o).low; }
  __device__ __forceinline__ std::int64_t last(int o) const { return look(o).high; }
  __device__ __forceinline__ C weight(int o, int i) const {
    const Look<C> at = look(o);
    return (at.low == i ? 1 - at.share : C(0)) + (at.high == i ? at.share : C(0));
  }
};

// The same of cubic outputs.
template <class C>
struct CubicAxis {
  Interpolation mode;
  C scale;
  int in, out;

  CubicAxis(const Resampling& how, int dim, const View& x, const View& y)
      : mode(how.mode), scale(C(how.scale[dim])), in(int(x.shape[2 + dim])), out(int(y.shape[2 + dim])) {}
  __device__ __forceinline__ CubicLook<C> look(int o) const { return cubic_look_of<C>(mode, scale, o); }
  __device__ __forceinline__ std::int64_t tap(const CubicLook<C>& at, int k) const {
    return CubicLook<C>::inside(at.first + k, in);
  }
  __device__ __forceinline__ std::int64_t first(int o) const { return tap(look(o), 0); }
  __device__ __forceinline__ std::int64_t last(int o) const { return tap(look(o), 3); }
  __device__ __forceinline__ C weight(int o, int i) const {
    const CubicLook<C> at = look(o);
    C sum = 0;
#pragma unroll
    for (int k = 0; k < 4; ++k) sum += tap(at, k) == i ? at.weight[k] : C(0);
    return sum;
  }
};

template <int kWidth, class T>
__global__ void cubic_kernel(const T* x, T* y, CubicAxis<Compute<T>> h, CubicAxis<Compute<T>> w, gpu::PoolUnits units) {
  using C = Compute<T>;
  for (std::int64_t unit = gpu::global_thread(); unit < units.count; unit += gpu::global_threads()) {
    const gpu::PoolPlace at = gpu::place_of<kWidth>(units, std::uint32_t(unit));
    const CubicLook<C> down = h.look(at.row), across = w.look(at.column);
    const T* image = x + at.image * h.in * w.in * units.channels + at.c;
    gpu::Pack<C, kWidth> sum{};
#pragma unroll
    for (int a = 0; a < 4; ++a) {
      const T* row = image + h.tap(down, a) * w.in * units.channels;
#pragma unroll
      for (int b = 0; b < 4; ++b) {
        const auto value = gpu::load_compute<kWidth>(row + w.tap(across, b) * units.channels);
        const C factor = down.weight[a] * across.weight[b];
#pragma unroll
        for (int k = 0; k < kWidth; ++k) sum[k] += value[k] * factor;
      }
    }
    gpu::store_compute(y + ((at.image * h.out + at.row) * w.out + at.column) * units.channels + at.c, sum);
  }
}

template <int kWidth, class T>
__global__ void forward_kernel(const T* x, T* y, LookAxis<Compute<T>> h, LookAxis<Compute<T>> w, gpu::PoolUnits units) {
  using C = Compute<T>;
  for (std::int64_t unit = gpu::global_thread(); unit < units.count; unit += gpu::global_threads()) {
    const gpu::PoolPlace at = gpu::place_of<kWidth>(units, std::uint32_t(unit));
    const Look<C> down = h.look(at.row), across = w.look(at.column);
    const T* image = x + at.image * h.in * w.in * units.channels + at.c;
    const auto pixel = [&](std::int64_t row, std::int64_t column) {
      return image + (row * w.in + column) * units.channels;
    };
    T* to = y + ((at.image * h.out + at.row) * w.out + at.column) * units.channels + at.c;
    if (h.mode < Interpolation::linear) {
      gpu::store(to, gpu::load<kWidth>(pixel(down.low, across.low)));
      continue;
    }
    const auto a = gpu::load_compute<kWidth>(pixel(down.low, across.low));
    const auto b = gpu::load_compute<kWidth>(pixel(down.low, across.high));
    const auto c = gpu::load_compute<kWidth>(pixel(down.high, across.low));
    const auto d = gpu::load_compute<kWidth>(pixel(down.high, across.high));
    gpu::Pack<C, kWidth> out;
#pragma unroll
    for (int k = 0; k < kWidth; ++k) {
      const C above = a[k] * (1 - across.share) + b[k] * across.share;
      const C below = c[k] * (1 - across.share) + d[k] * across.share;
      out[k] = above * (1 - down.share) + below * down.share;
    }
    gpu::store_compute(to, out);
  }
}

// The outputs that look at each position. What they look at only grows with o.
template <class Axis>
__global__ void over_kernel(Axis axis, gpu::PoolSpan* over) {
  const int i = int(gpu::global_thread());
  if (i >= axis.in) return;
  const auto first = [&](auto&& reached) {
    int before = 0, end = axis.out;  // the first o with reached(o) is in [before, end]
    while (before < end) {
      const int middle = before + (end - before) / 2;
      if (reached(middle)) {
        end = middle;
      } else {
        before = middle + 1;
      }
    }
    return before;
  };
  over[i] = {first([&](int o) { return axis.last(o) >= i; }), first([&](int o) { return axis.first(o) > i; })};
}

template <int kWidth, class T, class Axis>
__global__ void backward_kernel(const T* dy, T* dx, Axis h, Axis w, const gpu::PoolSpan* over_h,
                                const gpu::PoolSpan* over_w, gpu::PoolUnits units) {
  using C = Compute<T>;
  for (std::int64_t unit = gpu::global_thread(); unit < units.count; unit += gpu::global_threads()) {
    const gpu::PoolPlace at = gpu::place_of<kWidth>(units, std::uint32_t(unit));
    const gpu::PoolSpan rows = over_h[at.row], columns = over_w[at.column];
    gpu::Pack<C, kWidth> sum{};
    for (int oh = rows.begin; oh < rows.end; ++oh) {
      const C down = h.weight(oh, at.row);
      const T* row = dy + (at.image * h.out + oh) * w.out * units.channels + at.c;
      for (int ow = columns.begin; ow < columns.end; ++ow) {
        const C factor = down * w.weight(ow, at.column);
        const auto value = gpu::load_compute<kWidth>(row + std::int64_t(ow) * units.channels);
#pragma unroll
        for (int k = 0; k < kWidth; ++k) sum[k] += value[k] * factor;
      }
    }
    gpu::store_compute(dx + ((at.image * h.in + at.row) * w.in + at.column) * units.channels + at.c, sum);
  }
}

template <int kWidth, class T>
void forward_in(const View& x, const View& y, const Resampling& how) {
  using C = Compute<T>;
  gpu::for_pool_units(y, kWidth, [&](const gpu::PoolUnits& units) {
    const auto run = [&]<class Axis>(void (*kernel)(const T*, T*, Axis, Axis, gpu::PoolUnits)) {
      gpu::launch(kernel, {gpu::blocks_for(units.count, kThreads), kThreads}, x.data<T>(), y.data<T>(),
                  Axis(how, 0, x, y), Axis(how, 1, x, y), units);
    };
    how.mode < Interpolation::cubic ? run.template operator()<LookAxis<C>>(forward_kernel<kWidth, T>)
                                    : run.template operator()<CubicAxis<C>>(cubic_kernel<kWidth, T>);
  });
}

template <int kWidth, class T, class Axis>
void backward_along(const View& dy, const View& dx, const Axis& h, const Axis& w) {
  const gpu::Workspace<gpu::PoolSpan> over(h.in + w.in);
  gpu::PoolSpan *over_h = over, *over_w = over_h + h.in;
  gpu::launch(over_kernel<Axis>, {unsigned(gpu::ceil_div(h.in, kThreads)), kThreads}, h, over_h);
  gpu::launch(over_kernel<Axis>, {unsigned(gpu::ceil_div(w.in, kThreads)), kThreads}, w, over_w);
  gpu::for_pool_units(dx, kWidth, [&](const gpu::PoolUnits& units) {
    gpu::launch(backward_kernel<kWidth, T, Axis>, {gpu::blocks_for(units.count, kThreads), kThreads}, dy.data<T>(),
                dx.data<T>(), h, w, over_h, over_w, units);
  });
}

template <int kWidth, class T>
void backward_in(const View& dy, const View& dx, const Resampling& how) {
  const auto run = [&]<class Axis>() { backward_along<kWidth, T>(dy, dx, Axis(how, 0, dx, dy), Axis(how, 1, dx, dy)); };
  how.mode < Interpolation::cubic ? run.template operator()<LookAxis<Compute<T>>>()
                                  : run.template operator()<CubicAxis<Compute<T>>>();
}

void forward(View x, View y, Resampling how) {
  visit_float(x.dtype, [&]<class T>() {
    gpu::in_vectors<T>(x) && gpu::in_vectors<T>(y) ? forward_in<gpu::kPack<T>, T>(x, y, how)
                                                   : forward_in<1, T>(x, y, how);
  });
}

void backward(View dy, View dx, Resampling how) {
  visit_float(dx.dtype, [&]<class T>() {
    gpu::in_vectors<T>(dy) && gpu::in_vectors<T>(dx) ? backward_in<gpu::kPack<T>, T>(dy, dx, how)
                                                     : backward_in<1, T>(dy, dx, how);
  });
}

}  // namespace
const InterpolateKernels interpolate = {forward, backward};
TILESTACK_CUDA_TABLE(interpolate)
}  // namespace tilestack::cuda

#include "ops/local_response_norm/local_response_norm.h"

#include <cmath>

#include "cuda/places.cuh"

namespace tilestack::cuda {
namespace {

constexpr int kThreads = 256;

template <class C>
struct Response {
  C k, scale, beta;
  int before, after, channels;
  gpu::FastDiv by_channels;

  Response(const ResponseNorm& norm, std::int64_t channels)
      : k(C(norm.k)),
        scale(C(norm.alpha / double(norm.size))),
        beta(C(norm.beta)),
        before(int(norm.size / 2)),
        after(int((norm.size - 1) / 2)),
        channels(int(channels)),
        by_channels(channels) {}
  __device__ __forceinline__ int channel(std::uint32_t i) const { return int(by_channels.split(i)); }
  // The sum of value(j) over the channels j - c in [-left, right], the window of element i in channel c.
  template <class F>
  __device__ __forceinline__ C window(std::int64_t i, int c, int left, int right, F&& value) const {
    C sum = 0;
    const int begin = max(-left, -c), end = min(right, channels - 1 - c);
    for (int j = begin; j <= end; ++j) sum += value(i + j);
    return sum;
  }
  template <class T>
  __device__ __forceinline__ C base(const T* x, std::int64_t i, int c) const {
    const auto square = [x](std::int64_t at) {
      const C v = to_compute(x[at]);
      return v * v;
    };
    return k + scale * window(i, c, before, after, square);
  }
};

template <class T, class C>
__global__ void forward_kernel(const T* x, T* y, std::uint32_t n, Response<C> response) {
  for (std::int64_t i = gpu::global_thread(); i < n; i += gpu::global_threads()) {
    const C s = response.base(x, i, response.channel(std::uint32_t(i)));
    y[i] = convert<T>(C(to_compute(x[i]) * std::pow(s, -response.beta)));
  }
}

// slopes: dy x s^(-beta - 1)   powers: s^-beta
template <class T, class C>
__global__ void slopes_kernel(const T* x, const T* dy, C* slopes, C* powers, std::uint32_t n, Response<C> response) {
  for (std::int64_t i = gpu::global_thread(); i < n; i += gpu::global_threads()) {
    const C s = response.base(x, i, response.channel(std::uint32_t(i))), power = std::pow(s, -response.beta);
    slopes[i] = to_compute(dy[i]) * to_compute(x[i]) * power / s;
    powers[i] = power;
  }
}

template <class T, class C>
__global__ void backward_kernel(const T* x, const T* dy, const C* slopes, const C* powers, T* dx, std::uint32_t n,
                                Response<C> response) {
  const C factor = -2 * response.scale * response.beta;
  for (std::int64_t i = gpu::global_thread(); i < n; i += gpu::global_threads()) {
    const int c = response.channel(std::uint32_t(i));
    const C spread =
        response.window(i, c, response.after, response.before, [slopes](std::int64_t at) { return slopes[at]; });
    dx[i] = convert<T>(C(to_compute(dy[i]) * powers[i] + to_compute(x[i]) * spread * factor));
  }
}

void forward(View x, View y, ResponseNorm norm) {
  const std::uint32_t n = gpu::counted("local_response_norm", x.numel());
  if (n == 0) return;
  visit_float(x.dtype, [&]<class T>() {
    using C = Compute<T>;
    gpu::launch(forward_kernel<T, C>, {gpu::blocks_for(n, kThreads), kThreads}, x.data<T>(), y.data<T>(), n,
                Response<C>(norm, x.shape[1]));
  });
}

void backward(View x, View dy, View dx, ResponseNorm norm) {
  const std::uint32_t n = gpu::counted("local_response_norm", x.numel());
  if (n == 0) return;
  visit_float(x.dtype, [&]<class T>() {
    using C = Compute<T>;
    const Response<C> response(norm, x.shape[1]);
    const gpu::Workspace<C> slopes(n), powers(n);
    const gpu::Launch grid{gpu::blocks_for(n, kThreads), kThreads};
    gpu::launch(slopes_kernel<T, C>, grid, x.data<T>(), dy.data<T>(), slopes, powers, n, response);
    gpu::launch(backward_kernel<T, C>, grid, x.data<T>(), dy.data<T>(), slopes, powers, dx.data<T>(), n, response);
  });
}

}  // namespace
const LocalResponseNormKernels local_response_norm = {forward, backward};
TILESTACK_CUDA_TABLE(local_response_norm)
}  // namespace tilestack::cuda

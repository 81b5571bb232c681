#include "ops/avg_pool2d/avg_pool2d.h"

#include "cuda/pooling.cuh"
#include "cuda/runtime.h"

namespace tilestack::cuda {
namespace {

gpu::PoolAxes axes_of(const View& x, const View& y, const Window2d& w) {
  const auto axis = [&](int i) {
    return gpu::PoolAxis::sliding(x.shape[2 + i], y.shape[2 + i], w.kernel[i], w.stride[i], w.padding[i], 1);
  };
  return {axis(0), axis(1)};
}

template <class C>
gpu::PoolScale<C> scale_of(const gpu::PoolAxes& axes, PoolDivisor divisor) {
  if (divisor.fixed != 0) return {1 / C(divisor.fixed), divisor.count_padding};
  const auto all_whole = [&](const gpu::PoolAxis& axis) {
    const std::int64_t last = std::int64_t(axis.out - 1) * axis.stride + axis.taps;  // its end, in the padded input
    return last <= axis.in + 2 * axis.padding && (divisor.count_padding || axis.padding == 0);
  };
  const bool uniform = all_whole(axes.h) && all_whole(axes.w);
  return {uniform ? 1 / (C(axes.h.taps) * C(axes.w.taps)) : C(0), divisor.count_padding};
}

void forward(View x, View y, Window2d window, PoolDivisor divisor) {
  const gpu::PoolAxes axes = axes_of(x, y, window);
  visit_float(x.dtype, [&]<class T>() {
    const gpu::PoolMean<T> result{y.data<T>(), scale_of<Compute<T>>(axes, divisor)};
    gpu::pool_forward<T, true>(x, y, result, axes, gpu::in_vectors<T>(x) && gpu::in_vectors<T>(y));
  });
}

void backward(View dy, View dx, Window2d window, PoolDivisor divisor) {
  const gpu::PoolAxes axes = axes_of(dx, dy, window);
  visit_float(dx.dtype, [&]<class T>() {
    const gpu::MeanGradient<T> gradient{dy.data<T>(), scale_of<Compute<T>>(axes, divisor)};
    gpu::pool_backward<T>(gradient, dx, axes, gpu::in_vectors<T>(dy) && gpu::in_vectors<T>(dx));
  });
}

}  // namespace
const AvgPool2dKernels avg_pool2d = {forward, backward};
TILESTACK_CUDA_TABLE(avg_pool2d)
}  // namespace tilestack::cuda

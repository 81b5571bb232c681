#include "ops/adaptive_avg_pool2d/adaptive_avg_pool2d.h"

#include "cuda/pooling.cuh"
#include "cuda/runtime.h"

namespace tilestack::cuda {
namespace {

gpu::PoolAxes axes_of(const View& x, const View& y) {
  return {gpu::PoolAxis::adaptive(x.shape[2], y.shape[2]), gpu::PoolAxis::adaptive(x.shape[3], y.shape[3])};
}

template <class C>
gpu::PoolScale<C> scale_of(const gpu::PoolAxes& axes) {
  const bool uniform = axes.h.in % axes.h.out == 0 && axes.w.in % axes.w.out == 0;
  return {uniform ? 1 / (C(axes.h.in / axes.h.out) * C(axes.w.in / axes.w.out)) : C(0), false};
}

void forward(View x, View y) {
  if (y.numel() == 0) return;
  const gpu::PoolAxes axes = axes_of(x, y);
  visit_float(x.dtype, [&]<class T>() {
    const gpu::PoolMean<T> result{y.data<T>(), scale_of<Compute<T>>(axes)};
    gpu::pool_forward<T, true>(x, y, result, axes, gpu::in_vectors<T>(x) && gpu::in_vectors<T>(y));
  });
}

void backward(View dy, View dx) {
  if (dy.numel() == 0) return gpu::clear(dx.pointer, std::size_t(dx.numel()) * size_of(dx.dtype));
  const gpu::PoolAxes axes = axes_of(dx, dy);
  visit_float(dx.dtype, [&]<class T>() {
    const gpu::MeanGradient<T> gradient{dy.data<T>(), scale_of<Compute<T>>(axes)};
    gpu::pool_backward<T>(gradient, dx, axes, gpu::in_vectors<T>(dy) && gpu::in_vectors<T>(dx));
  });
}

}  // namespace
const AdaptiveAvgPool2dKernels adaptive_avg_pool2d = {forward, backward};
TILESTACK_CUDA_TABLE(adaptive_avg_pool2d)
}  // namespace tilestack::cuda

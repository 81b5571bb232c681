#include "ops/adaptive_max_pool2d/adaptive_max_pool2d.h"

#include "cuda/pooling.cuh"
#include "cuda/runtime.h"

namespace tilestack::cuda {
namespace {

gpu::PoolAxes axes_of(const View& x, const View& y) {
  return {gpu::PoolAxis::adaptive(x.shape[2], y.shape[2]), gpu::PoolAxis::adaptive(x.shape[3], y.shape[3])};
}

void forward(View x, View y, View tap) {
  if (y.numel() == 0) return;
  visit_float(x.dtype, [&]<class T>() {
    const bool vectors = gpu::in_vectors<T>(x) && gpu::in_vectors<T>(y) && (!tap.defined() || gpu::in_vectors<T>(tap));
    const gpu::PoolMax<T, std::int32_t> result{y.data<T>(), tap.data<std::int32_t>()};
    gpu::pool_forward<T, true>(x, y, result, axes_of(x, y), vectors);
  });
}

void backward(View dy, View tap, View dx) {
  if (dy.numel() == 0) return gpu::clear(dx.pointer, std::size_t(dx.numel()) * size_of(dx.dtype));
  visit_float(dx.dtype, [&]<class T>() {
    const bool vectors = gpu::in_vectors<T>(dy) && gpu::in_vectors<T>(tap) && gpu::in_vectors<T>(dx);
    const gpu::MaxGradient<T, std::int32_t> gradient{dy.data<T>(), tap.data<std::int32_t>()};
    gpu::pool_backward<T>(gradient, dx, axes_of(dx, dy), vectors);
  });
}

}  // namespace
const AdaptiveMaxPool2dKernels adaptive_max_pool2d = {forward, backward};
TILESTACK_CUDA_TABLE(adaptive_max_pool2d)
}  // namespace tilestack::cuda

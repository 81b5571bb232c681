#include "ops/max_pool2d/max_pool2d.h"

#include "cuda/pooling.cuh"
#include "cuda/runtime.h"

namespace tilestack::cuda {
namespace {

gpu::PoolAxes axes_of(const View& x, const View& y, const Window2d& w) {
  const auto axis = [&](int i) {
    return gpu::PoolAxis::sliding(x.shape[2 + i], y.shape[2 + i], w.kernel[i], w.stride[i], w.padding[i],
                                  w.dilation[i]);
  };
  return {axis(0), axis(1)};
}

template <class F>
void visit_tap(DType dtype, F&& f) {
  dtype == DType::int32 ? f.template operator()<std::int32_t>() : f.template operator()<std::uint8_t>();
}

void forward(View x, View y, View tap, Window2d window) {
  visit_float(x.dtype, [&]<class T>() {
    const bool vectors = gpu::in_vectors<T>(x) && gpu::in_vectors<T>(y) && (!tap.defined() || gpu::in_vectors<T>(tap));
    visit_tap(tap.dtype, [&]<class Tap>() {
      const gpu::PoolMax<T, Tap> result{y.data<T>(), tap.data<Tap>()};
      gpu::pool_forward<T, false>(x, y, result, axes_of(x, y, window), vectors);
    });
  });
}

void backward(View dy, View tap, View dx, Window2d window) {
  visit_float(dx.dtype, [&]<class T>() {
    const bool vectors = gpu::in_vectors<T>(dy) && gpu::in_vectors<T>(tap) && gpu::in_vectors<T>(dx);
    visit_tap(tap.dtype, [&]<class Tap>() {
      const gpu::MaxGradient<T, Tap> gradient{dy.data<T>(), tap.data<Tap>()};
      gpu::pool_backward<T>(gradient, dx, axes_of(dx, dy, window), vectors);
    });
  });
}

}  // namespace
const MaxPool2dKernels max_pool2d = {forward, backward};
TILESTACK_CUDA_TABLE(max_pool2d)
}  // namespace tilestack::cuda

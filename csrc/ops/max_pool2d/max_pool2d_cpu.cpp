#include "ops/max_pool2d/few_channels.h"
#include "ops/max_pool2d/max_pool2d.h"
#include "ops/max_pool2d/planes.h"

namespace tilestack::TILESTACK_ISA {
namespace {

struct Axes {
  PoolAxis h, w;
  Axes(const View& x, const View& y, const Window2d& window)
      : h(x.shape[2], y.shape[2], window.kernel[0], window.dilation[0]),
        w(x.shape[3], y.shape[3], window.kernel[1], window.dilation[1]) {
    h.slide(window.stride[0], window.padding[0]);
    w.slide(window.stride[1], window.padding[1]);
  }
};

void forward(View x, View y, View tap, Window2d window) {
  const Axes axes(x, y, window);
  const std::int64_t images = x.shape[0], channels = x.shape[1];
  if (in_planes(x))
    return max_planes_forward(x.data<float>(), y.data<float>(), Taps::of(tap), images * channels, axes.h, axes.w,
                              window);
  if (has_few_channels(x, tap))
    return max_forward_few(x.data<float>(), y.data<float>(), Taps::of(tap).bytes(), images, channels, axes.h, axes.w);
  visit_float(x.dtype, [&]<class T>() {
    max_forward(x.data<T>(), y.data<T>(), Taps::of(tap), images, channels, axes.h, axes.w);
  });
}

void backward(View dy, View tap, View dx, Window2d window) {
  const Axes axes(dx, dy, window);
  const std::int64_t images = dx.shape[0], channels = dx.shape[1];
  if (in_planes(dx))
    return max_planes_backward(dy.data<float>(), Taps::of(tap), dx.data<float>(), images * channels, axes.h, axes.w);
  if (has_few_channels(dx, tap) && axes.h.tiles() && axes.w.tiles())
    return max_backward_tiles(dy.data<float>(), Taps::of(tap).bytes(), dx.data<float>(), images, channels, axes.h,
                              axes.w);
  visit_float(dx.dtype, [&]<class T>() {
    max_backward(dy.data<T>(), Taps::of(tap), dx.data<T>(), images, channels, axes.h, axes.w);
  });
}

}  // namespace
constinit const MaxPool2dKernels max_pool2d = {forward, backward};
}  // namespace tilestack::TILESTACK_ISA

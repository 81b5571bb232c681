#include "core/pooling.h"
#include "ops/adaptive_max_pool2d/adaptive_max_pool2d.h"

namespace tilestack::TILESTACK_ISA {
namespace {

struct Axes {
  PoolAxis h, w;
  Axes(const View& x, const View& y)
      : h(x.shape[2], y.shape[2], x.shape[2] / y.shape[2] + 2, 1),
        w(x.shape[3], y.shape[3], x.shape[3] / y.shape[3] + 2, 1) {
    h.adapt();
    w.adapt();
  }
};

void forward(View x, View y, View tap) {
  if (y.numel() == 0) return;
  const Axes axes(x, y);
  visit_float(x.dtype, [&]<class T>() {
    max_forward(x.data<T>(), y.data<T>(), Taps::of(tap), x.shape[0], x.shape[1], axes.h, axes.w);
  });
}

void backward(View dy, View tap, View dx) {
  if (dy.numel() == 0) {
    __builtin_memset(dx.pointer, 0, std::size_t(dx.numel()) * size_of(dx.dtype));
    return;
  }
  const Axes axes(dx, dy);
  visit_float(dx.dtype, [&]<class T>() {
    max_backward(dy.data<T>(), Taps::of(tap), dx.data<T>(), dx.shape[0], dx.shape[1], axes.h, axes.w);
  });
}

}  // namespace
constinit const AdaptiveMaxPool2dKernels adaptive_max_pool2d = {forward, backward};
}  // namespace tilestack::TILESTACK_ISA

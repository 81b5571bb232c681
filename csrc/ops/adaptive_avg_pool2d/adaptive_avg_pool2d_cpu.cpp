#include "core/pooling.h"
#include "ops/adaptive_avg_pool2d/adaptive_avg_pool2d.h"

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

template <class C>
struct Scales {
  Scratch<C> h, w;
  explicit Scales(const Axes& axes) : h(axes.h.out), w(axes.w.out) {
    for (std::int64_t o = 0; o < axes.h.out; ++o) h[o] = 1 / C(axes.h.inside[o].end);
    for (std::int64_t o = 0; o < axes.w.out; ++o) w[o] = 1 / C(axes.w.inside[o].end);
  }
};

void forward(View x, View y) {
  if (y.numel() == 0) return;
  const Axes axes(x, y);
  visit_float(x.dtype, [&]<class T>() {
    const Scales<Compute<T>> scales(axes);
    average_forward(x.data<T>(), y.data<T>(), x.shape[0], x.shape[1], axes.h, axes.w, scales.h.data, scales.w.data);
  });
}

void backward(View dy, View dx) {
  if (dy.numel() == 0) {
    __builtin_memset(dx.pointer, 0, std::size_t(dx.numel()) * size_of(dx.dtype));
    return;
  }
  const Axes axes(dx, dy);
  visit_float(dx.dtype, [&]<class T>() {
    const Scales<Compute<T>> scales(axes);
    average_backward(dy.data<T>(), dx.data<T>(), dx.shape[0], dx.shape[1], axes.h, axes.w, scales.h.data,
                     scales.w.data);
  });
}

}  // namespace
constinit const AdaptiveAvgPool2dKernels adaptive_avg_pool2d = {forward, backward};
}  // namespace tilestack::TILESTACK_ISA

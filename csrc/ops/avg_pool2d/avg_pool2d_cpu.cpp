#include "core/pooling.h"
#include "ops/avg_pool2d/avg_pool2d.h"

namespace tilestack::TILESTACK_ISA {
namespace {

struct Axes {
  PoolAxis h, w;
  Window2d window;
  PoolDivisor divisor;

  Axes(const View& x, const View& y, const Window2d& window, PoolDivisor divisor)
      : h(x.shape[2], y.shape[2], window.kernel[0], 1), w(x.shape[3], y.shape[3], window.kernel[1], 1), window(window),
        divisor(divisor) {
    h.slide(window.stride[0], window.padding[0]);
    w.slide(window.stride[1], window.padding[1]);
  }
  // Padding beyond what was asked for, which ceil_mode adds, never counts.
  TILESTACK_INLINE std::int64_t positions(const PoolAxis& axis, std::int64_t o, std::int64_t padding) const {
    if (!divisor.count_padding) return axis.inside[o].end - axis.inside[o].begin;
    const std::int64_t room = axis.in + padding - axis.start[o];
    return room < axis.taps ? room : axis.taps;
  }
  template <class C>
  TILESTACK_INLINE C scale(std::int64_t oh, std::int64_t ow) const {
    if (divisor.fixed) return 1 / C(divisor.fixed);
    return 1 / C(positions(h, oh, window.padding[0]) * positions(w, ow, window.padding[1]));
  }
};

void forward(View x, View y, Window2d window, PoolDivisor divisor) {
  const Axes axes(x, y, window, divisor);
  visit_float(x.dtype, [&]<class T>() {
    average_forward(x.data<T>(), y.data<T>(), x.shape[0], x.shape[1], axes.h, axes.w,
                    [&](std::int64_t oh, std::int64_t ow) { return axes.scale<Compute<T>>(oh, ow); });
  });
}

void backward(View dy, View dx, Window2d window, PoolDivisor divisor) {
  const Axes axes(dx, dy, window, divisor);
  visit_float(dx.dtype, [&]<class T>() {
    average_backward(dy.data<T>(), dx.data<T>(), dx.shape[0], dx.shape[1], axes.h, axes.w,
                     [&](std::int64_t oh, std::int64_t ow) { return axes.scale<Compute<T>>(oh, ow); });
  });
}

}  // namespace
constinit const AvgPool2dKernels avg_pool2d = {forward, backward};
}  // namespace tilestack::TILESTACK_ISA

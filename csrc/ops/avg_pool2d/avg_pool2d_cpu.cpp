#include "ops/avg_pool2d/avg_pool2d.h"
#include "ops/avg_pool2d/planes.h"

namespace tilestack::TILESTACK_ISA {
namespace {

struct Axes {
  PoolAxis h, w;
  Axes(const View& x, const View& y, const Window2d& window)
      : h(x.shape[2], y.shape[2], window.kernel[0], 1), w(x.shape[3], y.shape[3], window.kernel[1], 1) {
    h.slide(window.stride[0], window.padding[0]);
    w.slide(window.stride[1], window.padding[1]);
  }
};

// Of each window: 1 / its positions along one dimension. Those beyond the padding, which ceil_mode adds, never count.
template <class C>
TILESTACK_ONCE void fill_scales(const PoolAxis& axis, std::int64_t padding, bool count_padding, C* scales) {
  for (std::int64_t o = 0; o < axis.out; ++o) {
    const std::int64_t room = axis.in + padding - axis.start[o];
    const std::int64_t padded = room < axis.taps ? room : axis.taps, inside = axis.inside[o].end - axis.inside[o].begin;
    scales[o] = 1 / C(count_padding ? padded : inside);
  }
}

template <class C>
struct Scales {
  Scratch<C> h, w;
  Scales(const Axes& axes, const Window2d& window, PoolDivisor divisor) : h(axes.h.out), w(axes.w.out) {
    fill_scales(axes.h, window.padding[0], divisor.count_padding, h.data);
    fill_scales(axes.w, window.padding[1], divisor.count_padding, w.data);
    if (divisor.fixed == 0) return;
    for (std::int64_t o = 0; o < axes.h.out; ++o) h[o] = 1 / C(divisor.fixed);
    for (std::int64_t o = 0; o < axes.w.out; ++o) w[o] = 1;
  }
};

// Whether there is one window, which holds the whole image.
bool is_global(const Axes& axes) {
  const auto holds_all = [](const PoolAxis& axis) {
    return axis.out == 1 && axis.start[0] == 0 && axis.inside[0].end == axis.in && axis.dilation == 1;
  };
  return holds_all(axes.h) && holds_all(axes.w);
}

void forward(View x, View y, Window2d window, PoolDivisor divisor) {
  const Axes axes(x, y, window);
  if (in_planes(x)) {
    const Scales<float> scales(axes, window, divisor);
    if (is_global(axes)) {
      const std::int64_t size = x.shape[2] * x.shape[3];
      return parallel_rows(x.shape[0] * x.shape[1], size, [&](std::int64_t i) {
        const float* plane = x.data<float>() + i * size;
        const float sum = sum_row<float>(size, [&](std::int64_t k, auto part) { return part.load(plane + k); });
        y.data<float>()[i] = sum * (scales.h[0] * scales.w[0]);
      });
    }
    return average_planes_forward(x.data<float>(), y.data<float>(), x.shape[0] * x.shape[1], axes.h, axes.w, window,
                                  scales.h, scales.w);
  }
  visit_float(x.dtype, [&]<class T>() {
    const Scales<Compute<T>> scales(axes, window, divisor);
    average_forward(x.data<T>(), y.data<T>(), x.shape[0], x.shape[1], axes.h, axes.w, scales.h.data, scales.w.data);
  });
}

void backward(View dy, View dx, Window2d window, PoolDivisor divisor) {
  const Axes axes(dx, dy, window);
  if (in_planes(dx)) {
    const Scales<float> scales(axes, window, divisor);
    if (is_global(axes)) {
      const std::int64_t size = dx.shape[2] * dx.shape[3];
      return parallel_rows(dx.shape[0] * dx.shape[1], size, [&](std::int64_t i) {
        const VecF share = splat(dy.data<float>()[i] * (scales.h[0] * scales.w[0]));
        float* plane = dx.data<float>() + i * size;
        for_vectors<float>(size, [&](std::int64_t k, auto part) { part.store(plane + k, share); });
      });
    }
    return average_planes_backward(dy.data<float>(), dx.data<float>(), dx.shape[0] * dx.shape[1], axes.h, axes.w,
                                   window, scales.h, scales.w);
  }
  visit_float(dx.dtype, [&]<class T>() {
    const Scales<Compute<T>> scales(axes, window, divisor);
    average_backward(dy.data<T>(), dx.data<T>(), dx.shape[0], dx.shape[1], axes.h, axes.w, scales.h.data,
                     scales.w.data);
  });
}

}  // namespace
constinit const AvgPool2dKernels avg_pool2d = {forward, backward};
}  // namespace tilestack::TILESTACK_ISA

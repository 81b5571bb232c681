#include "core/pooling.h"
#include "ops/max_pool2d/max_pool2d.h"

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
  visit_float(x.dtype, [&]<class T>() {
    const auto run = [&](auto* taps) {
      max_forward(x.data<T>(), y.data<T>(), taps, x.shape[0], x.shape[1], axes.h, axes.w);
    };
    tap.dtype == DType::int32 ? run(tap.data<std::int32_t>()) : run(tap.data<std::uint8_t>());
  });
}

void backward(View dy, View tap, View dx, Window2d window) {
  const Axes axes(dx, dy, window);
  visit_float(dx.dtype, [&]<class T>() {
    const auto run = [&](const auto* taps) {
      max_backward(dy.data<T>(), taps, dx.data<T>(), dx.shape[0], dx.shape[1], axes.h, axes.w);
    };
    tap.dtype == DType::int32 ? run(tap.data<std::int32_t>()) : run(tap.data<std::uint8_t>());
  });
}

}  // namespace
constinit const MaxPool2dKernels max_pool2d = {forward, backward};
}  // namespace tilestack::TILESTACK_ISA

#include "ops/max_pool2d/max_pool2d.h"

#include "core/pool_shape.h"
#include "core/tap_places.h"

namespace tilestack {

namespace {

struct Pooled {
  Tensor y, tap;  // tap, as images, only where it was wanted
};

Pooled pooled(const Tensor& x, const Window2d& window, bool ceil_mode, bool with_taps) {
  const Tensor images = as_images("max_pool2d", x);
  const Dims shape = pooled_shape("max_pool2d", images, window, ceil_mode);
  const ImageLayout layout = pool_layout(images, suits_planes(shape));
  const Tensor y = layout.empty(shape, x.dtype(), x.device());
  Tensor tap;
  if (with_taps || (x.requires_grad() && grad_enabled())) {
    const bool small = window.kernel[0] * window.kernel[1] <= 256;
    tap = layout.empty(shape, small ? DType::uint8 : DType::int32, x.device());
  }
  max_pool2d_on(x.device()).forward(layout.arranged(images), y, optional_view(tap), window);
  const Tensor recorded =
      record("max_pool2d", from_images(y, x.dim()), {x},
             [in = images.shape(), ndim = x.dim(), tap, window, layout](const Tensor& dy) -> Gradients {
               const Tensor dx = layout.empty(in, dy.dtype(), dy.device());
               max_pool2d_on(dy.device()).backward(layout.arranged(as_images("max_pool2d", dy)), tap, dx, window);
               return {from_images(dx, ndim)};
             });
  return {recorded, tap};
}

}  // namespace

Tensor max_pool2d(const Tensor& x, const Dims& kernel_size, const Dims& stride, const Dims& padding,
                  const Dims& dilation, bool ceil_mode) {
  check_float("max_pool2d", x);
  return pooled(x, pool_window("max_pool2d", kernel_size, stride, padding, dilation), ceil_mode, false).y;
}

std::pair<Tensor, Tensor> max_pool2d_with_indices(const Tensor& x, const Dims& kernel_size, const Dims& stride,
                                                  const Dims& padding, const Dims& dilation, bool ceil_mode) {
  check_float("max_pool2d", x);
  const Window2d w = pool_window("max_pool2d", kernel_size, stride, padding, dilation);
  const auto [y, tap] = pooled(x, w, ceil_mode, true);
  const auto start = [&](int dim) { return [&w, dim](std::int64_t o) { return o * w.stride[dim] - w.padding[dim]; }; };
  return {y, from_images(tap_places(tap, w.kernel[1], w.dilation, x.size(-1), start(0), start(1)), x.dim())};
}

}  // namespace tilestack

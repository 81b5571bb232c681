#include "ops/max_pool2d/max_pool2d.h"

#include "core/pool_shape.h"

namespace tilestack {

Tensor max_pool2d(const Tensor& x, const Dims& kernel_size, const Dims& stride, const Dims& padding,
                  const Dims& dilation, bool ceil_mode) {
  check_float("max_pool2d", x);
  const Window2d window = pool_window("max_pool2d", kernel_size, stride, padding, dilation);
  const Tensor in = as_images("max_pool2d", x);
  const Dims shape = pooled_shape("max_pool2d", in, window, ceil_mode);
  const Tensor y = empty_channels_last(shape, x.dtype(), x.device());
  Tensor tap;
  if (x.requires_grad() && grad_enabled()) {
    const bool small = window.kernel[0] * window.kernel[1] <= 256;
    tap = empty_channels_last(shape, small ? DType::uint8 : DType::int32, x.device());
  }
  max_pool2d_on(x.device()).forward(in, y, optional_view(tap), window);
  return record("max_pool2d", from_images(y, x.dim()), {x},
                [images = in.shape(), ndim = x.dim(), tap, window](const Tensor& dy) -> Gradients {
                  const Tensor dx = empty_channels_last(images, dy.dtype(), dy.device());
                  max_pool2d_on(dy.device()).backward(as_images("max_pool2d", dy), tap, dx, window);
                  return {from_images(dx, ndim)};
                });
}

}  // namespace tilestack

#include "ops/adaptive_max_pool2d/adaptive_max_pool2d.h"

#include "core/pool_shape.h"

namespace tilestack {

Tensor adaptive_max_pool2d(const Tensor& x, const Dims& output_size) {
  check_float("adaptive_max_pool2d", x);
  const Tensor in = as_images("adaptive_max_pool2d", x);
  const Dims shape = adaptive_shape("adaptive_max_pool2d", in, output_size);
  const Tensor y = empty_channels_last(shape, x.dtype(), x.device());
  const Tensor tap =
      x.requires_grad() && grad_enabled() ? empty_channels_last(shape, DType::int32, x.device()) : Tensor();
  adaptive_max_pool2d_on(x.device()).forward(in, y, optional_view(tap));
  return record("adaptive_max_pool2d", from_images(y, x.dim()), {x},
                [images = in.shape(), ndim = x.dim(), tap](const Tensor& dy) -> Gradients {
                  const Tensor dx = empty_channels_last(images, dy.dtype(), dy.device());
                  adaptive_max_pool2d_on(dy.device()).backward(as_images("adaptive_max_pool2d", dy), tap, dx);
                  return {from_images(dx, ndim)};
                });
}

}  // namespace tilestack

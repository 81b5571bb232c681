#include "ops/adaptive_avg_pool2d/adaptive_avg_pool2d.h"

#include "core/pool_shape.h"

namespace tilestack {

Tensor adaptive_avg_pool2d(const Tensor& x, const Dims& output_size) {
  check_float("adaptive_avg_pool2d", x);
  const Tensor in = as_images("adaptive_avg_pool2d", x);
  const Tensor y = empty_channels_last(adaptive_shape("adaptive_avg_pool2d", in, output_size), x.dtype(), x.device());
  adaptive_avg_pool2d_on(x.device()).forward(in, y);
  return record("adaptive_avg_pool2d", from_images(y, x.dim()), {x},
                [images = in.shape(), ndim = x.dim()](const Tensor& dy) -> Gradients {
                  const Tensor dx = empty_channels_last(images, dy.dtype(), dy.device());
                  adaptive_avg_pool2d_on(dy.device()).backward(as_images("adaptive_avg_pool2d", dy), dx);
                  return {from_images(dx, ndim)};
                });
}

}  // namespace tilestack

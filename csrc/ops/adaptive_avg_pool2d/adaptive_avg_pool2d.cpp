#include "ops/adaptive_avg_pool2d/adaptive_avg_pool2d.h"

#include "core/pool_shape.h"
#include "ops/avg_pool2d/avg_pool2d.h"

namespace tilestack {

Tensor adaptive_avg_pool2d(const Tensor& x, const Dims& output_size) {
  check_float("adaptive_avg_pool2d", x);
  const Tensor images = as_images("adaptive_avg_pool2d", x);
  const Dims shape = adaptive_shape("adaptive_avg_pool2d", images, output_size);
  const std::optional<Window2d> window = tiling_window(images.shape(), shape);
  const ImageLayout layout = pool_layout(images, window && mean_suits_planes(shape));
  const Tensor in = layout.arranged(images), y = layout.empty(shape, x.dtype(), x.device());
  if (layout.planes)
    avg_pool2d_on(x.device()).forward(in, y, *window, {});
  else
    adaptive_avg_pool2d_on(x.device()).forward(in, y);
  return record("adaptive_avg_pool2d", from_images(y, x.dim()), {x},
                [in = images.shape(), ndim = x.dim(), window, layout](const Tensor& dy) -> Gradients {
                  const Tensor slopes = layout.arranged(as_images("adaptive_avg_pool2d", dy));
                  const Tensor dx = layout.empty(in, dy.dtype(), dy.device());
                  if (layout.planes)
                    avg_pool2d_on(dy.device()).backward(slopes, dx, *window, {});
                  else
                    adaptive_avg_pool2d_on(dy.device()).backward(slopes, dx);
                  return {from_images(dx, ndim)};
                });
}

}  // namespace tilestack

#include "ops/avg_pool2d/avg_pool2d.h"

#include "core/pool_shape.h"

namespace tilestack {

Tensor avg_pool2d(const Tensor& x, const Dims& kernel_size, const Dims& stride, const Dims& padding, bool ceil_mode,
                  bool count_include_pad, std::optional<std::int64_t> divisor_override) {
  check_float("avg_pool2d", x);
  check(divisor_override.value_or(1) != 0, "avg_pool2d: divisor_override must not be zero");
  const Window2d window = pool_window("avg_pool2d", kernel_size, stride, padding, {1});
  const PoolDivisor divisor{divisor_override.value_or(0), count_include_pad};
  const Tensor images = as_images("avg_pool2d", x);
  const Dims shape = pooled_shape("avg_pool2d", images, window, ceil_mode);
  const ImageLayout layout = pool_layout(images, mean_suits_planes(shape));
  const Tensor y = layout.empty(shape, x.dtype(), x.device());
  avg_pool2d_on(x.device()).forward(layout.arranged(images), y, window, divisor);
  return record(
      "avg_pool2d", from_images(y, x.dim()), {x},
      [in = images.shape(), ndim = x.dim(), window, divisor, layout](const Tensor& dy) -> Gradients {
        const Tensor dx = layout.empty(in, dy.dtype(), dy.device());
        avg_pool2d_on(dy.device()).backward(layout.arranged(as_images("avg_pool2d", dy)), dx, window, divisor);
        return {from_images(dx, ndim)};
      });
}

}  // namespace tilestack

#include "ops/avg_pool2d/avg_pool2d.h"

#include "core/pool_shape.h"

namespace tilestack {

Tensor avg_pool2d(const Tensor& x, const Dims& kernel_size, const Dims& stride, const Dims& padding, bool ceil_mode,
                  bool count_include_pad, std::optional<std::int64_t> divisor_override) {
  check_float("avg_pool2d", x);
  check(divisor_override.value_or(1) != 0, "avg_pool2d: divisor_override must not be zero");
  const Window2d window = pool_window("avg_pool2d", kernel_size, stride, padding, {1});
  const PoolDivisor divisor{divisor_override.value_or(0), count_include_pad};
  const Tensor in = as_images("avg_pool2d", x);
  const Tensor y = empty_channels_last(pooled_shape("avg_pool2d", in, window, ceil_mode), x.dtype(), x.device());
  avg_pool2d_on(x.device()).forward(in, y, window, divisor);
  return record("avg_pool2d", from_images(y, x.dim()), {x},
                [images = in.shape(), ndim = x.dim(), window, divisor](const Tensor& dy) -> Gradients {
                  const Tensor dx = empty_channels_last(images, dy.dtype(), dy.device());
                  avg_pool2d_on(dy.device()).backward(as_images("avg_pool2d", dy), dx, window, divisor);
                  return {from_images(dx, ndim)};
                });
}

}  // namespace tilestack

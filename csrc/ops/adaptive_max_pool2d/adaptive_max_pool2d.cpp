#include "ops/adaptive_max_pool2d/adaptive_max_pool2d.h"

#include "core/pool_shape.h"
#include "core/tap_places.h"

namespace tilestack {
namespace {

struct Pooled {
  Tensor y, tap;  // tap, as images, only where it was wanted
};

Pooled pooled(const Tensor& x, const Dims& output_size, bool with_taps) {
  check_float("adaptive_max_pool2d", x);
  const Tensor in = as_channels_last(as_images("adaptive_max_pool2d", x));
  const Dims shape = adaptive_shape("adaptive_max_pool2d", in, output_size);
  const Tensor y = empty_channels_last(shape, x.dtype(), x.device());
  const bool wanted = with_taps || (x.requires_grad() && grad_enabled());
  const Tensor tap = wanted ? empty_channels_last(shape, DType::int32, x.device()) : Tensor();
  adaptive_max_pool2d_on(x.device()).forward(in, y, optional_view(tap));
  const Tensor recorded = record(
      "adaptive_max_pool2d", from_images(y, x.dim()), {x},
      [images = in.shape(), ndim = x.dim(), tap](const Tensor& dy) -> Gradients {
        const Tensor dx = empty_channels_last(images, dy.dtype(), dy.device());
        adaptive_max_pool2d_on(dy.device()).backward(as_channels_last(as_images("adaptive_max_pool2d", dy)), tap, dx);
        return {from_images(dx, ndim)};
      });
  return {recorded, tap};
}

}  // namespace

Tensor adaptive_max_pool2d(const Tensor& x, const Dims& output_size) { return pooled(x, output_size, false).y; }

std::pair<Tensor, Tensor> adaptive_max_pool2d_with_indices(const Tensor& x, const Dims& output_size) {
  const auto [y, tap] = pooled(x, output_size, true);
  const std::int64_t height = x.size(-2), width = x.size(-1), high = tap.size(2), wide = tap.size(3);
  const auto start = [](std::int64_t in, std::int64_t out) {
    return [in, out](std::int64_t o) { return o * in / out; };
  };
  const std::int64_t taps_wide = wide > 0 ? width / wide + 2 : 1;
  return {y, from_images(tap_places(tap, taps_wide, {1, 1}, width, start(height, high), start(width, wide)), x.dim())};
}

}  // namespace tilestack

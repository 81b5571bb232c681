#include "ops/max_pool2d/max_pool2d.h"

#include "core/device.h"
#include "core/pool_shape.h"
#include "core/views.h"
#include "ops/add/add.h"
#include "ops/floor_divide/floor_divide.h"
#include "ops/mul/mul.h"
#include "ops/remainder/remainder.h"

namespace tilestack {

namespace {

struct Pooled {
  Tensor y, tap;  // tap, as images, only where it was wanted
};

Pooled pooled(const Tensor& x, const Window2d& window, bool ceil_mode, bool with_taps) {
  const Tensor in = as_images("max_pool2d", x);
  const Dims shape = pooled_shape("max_pool2d", in, window, ceil_mode);
  const Tensor y = empty_channels_last(shape, x.dtype(), x.device());
  Tensor tap;
  if (with_taps || (x.requires_grad() && grad_enabled())) {
    const bool small = window.kernel[0] * window.kernel[1] <= 256;
    tap = empty_channels_last(shape, small ? DType::uint8 : DType::int32, x.device());
  }
  max_pool2d_on(x.device()).forward(in, y, optional_view(tap), window);
  const Tensor recorded = record("max_pool2d", from_images(y, x.dim()), {x},
                                 [images = in.shape(), ndim = x.dim(), tap, window](const Tensor& dy) -> Gradients {
                                   const Tensor dx = empty_channels_last(images, dy.dtype(), dy.device());
                                   max_pool2d_on(dy.device()).backward(as_images("max_pool2d", dy), tap, dx, window);
                                   return {from_images(dx, ndim)};
                                 });
  return {recorded, tap};
}

// factor * (start + i * step) for output i, int64, in `shape`.
Tensor places(std::int64_t n, std::int64_t start, std::int64_t step, std::int64_t factor, const Dims& shape,
              Device device) {
  const Tensor line = empty({n}, DType::int64);
  for (std::int64_t i = 0; i < n; ++i) line.data<std::int64_t>()[i] = factor * (start + i * step);
  return reshape(to_device(line, device), shape);
}

Scalar whole(std::int64_t value) { return {Scalar::integer, double(value), value}; }

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
  // A tap u * kernel width + v of output (i, j) is at row i * stride - padding + u * dilation, and so for columns.
  const NoGrad no_grad;
  const std::int64_t width = x.size(-1), height = tap.size(2), across = tap.size(3);
  const Tensor taps = as_dtype(tap, DType::int64);
  const Tensor u = floor_divide(taps, whole(w.kernel[1])), v = remainder(taps, whole(w.kernel[1]));
  const Tensor inside = add(mul(u, whole(w.dilation[0] * width)), mul(v, whole(w.dilation[1])));
  const Tensor rows = places(height, -w.padding[0], w.stride[0], width, {height, 1}, x.device());
  const Tensor columns = places(across, -w.padding[1], w.stride[1], 1, {across}, x.device());
  return {y, from_images(add(inside, add(rows, columns)), x.dim())};
}

}  // namespace tilestack

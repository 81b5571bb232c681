#include "ops/unfold/unfold.h"

#include "core/pool_shape.h"
#include "core/views.h"
#include "ops/add/add.h"
#include "ops/copy/copy.h"
#include "ops/fill/fill.h"

namespace tilestack {
namespace {

struct Windows {
  std::int64_t kernel[2], dilation[2], padding[2], stride[2], count[2];

  Windows(const char* op, const Dims& kernel_size, const Dims& spread, const Dims& pad, const Dims& step,
          std::int64_t height, std::int64_t width) {
    const Dims k = height_width(op, "kernel_size", kernel_size), d = height_width(op, "dilation", spread);
    const Dims p = height_width(op, "padding", pad), s = height_width(op, "stride", step);
    const std::int64_t size[2] = {height, width};
    for (int i = 0; i < 2; ++i) {
      check(k[i] > 0 && d[i] > 0 && s[i] > 0 && p[i] >= 0,
            "{}: kernel_size, dilation and stride must be positive, got {}, {}, {}", op, k, d, s);
      kernel[i] = k[i], dilation[i] = d[i], padding[i] = p[i], stride[i] = s[i];
      const std::int64_t room = size[i] + 2 * p[i] - d[i] * (k[i] - 1) - 1;
      check(room >= 0, "{}: kernel_size {} does not fit into an image of {} x {}", op, k, height, width);
      count[i] = room / s[i] + 1;
    }
  }
  // (batch, channels, height, width) padded, all 0.
  Tensor padded(std::int64_t batch, std::int64_t channels, std::int64_t height, std::int64_t width, const Tensor& like,
                DType dtype) const {
    return zeros({batch, channels, height + 2 * padding[0], width + 2 * padding[1]}, dtype, like.device());
  }
  Tensor inside(const Tensor& image) const {
    const Dims shape = image.shape(), strides = image.strides();
    return view_of(image, {shape[0], shape[1], shape[2] - 2 * padding[0], shape[3] - 2 * padding[1]}, strides,
                   image.numel() ? padding[0] * strides[2] + padding[1] * strides[3] : 0);
  }
  // (batch, channels, i, j): what position (u, v) of each window sees.
  Tensor seen(const Tensor& image, std::int64_t u, std::int64_t v) const {
    const Dims s = image.strides();
    return view_of(image, {image.size(0), image.size(1), count[0], count[1]},
                   {s[0], s[1], s[2] * stride[0], s[3] * stride[1]},
                   image.numel() ? u * dilation[0] * s[2] + v * dilation[1] * s[3] : 0);
  }
};

Tensor to_columns(const Tensor& x, const Windows& w) {
  const std::int64_t batch = x.size(0), channels = x.size(1);
  const Tensor image = w.padded(batch, channels, x.size(2), x.size(3), x, x.dtype());
  copy_into(w.inside(image), x);
  const Dims s = image.strides();
  const Dims shape = {batch, channels, w.kernel[0], w.kernel[1], w.count[0], w.count[1]};
  const Tensor y = empty(shape, x.dtype(), x.device());
  copy_into(y,
            view_of(image, shape,
                    {s[0], s[1], s[2] * w.dilation[0], s[3] * w.dilation[1], s[2] * w.stride[0], s[3] * w.stride[1]}));
  return view_of(y, {batch, channels * w.kernel[0] * w.kernel[1], w.count[0] * w.count[1]},
                 contiguous_strides({batch, channels * w.kernel[0] * w.kernel[1], w.count[0] * w.count[1]}));
}

Tensor to_images(const Tensor& columns, std::int64_t height, std::int64_t width, const Windows& w) {
  const NoGrad no_grad;
  const std::int64_t batch = columns.size(0), taps = w.kernel[0] * w.kernel[1], channels = columns.size(1) / taps;
  const Tensor image = w.padded(batch, channels, height, width, columns, compute_dtype(columns.dtype()));
  const Tensor dense = as_contiguous(columns.detach());
  const std::int64_t windows = w.count[0] * w.count[1];
  for (std::int64_t u = 0; u < w.kernel[0]; ++u)
    for (std::int64_t v = 0; v < w.kernel[1]; ++v) {
      const Tensor part = view_of(dense, {batch, channels, w.count[0], w.count[1]},
                                  {channels * taps * windows, taps * windows, w.count[1], 1},
                                  dense.numel() ? (u * w.kernel[1] + v) * windows : 0);
      const Tensor to = w.seen(image, u, v);
      add_into(to, to, part);
    }
  const Tensor y = empty({batch, channels, height, width}, columns.dtype(), columns.device());
  copy_into(y, w.inside(image));
  return y;
}

}  // namespace

Tensor unfold(const Tensor& x, const Dims& kernel_size, const Dims& dilation, const Dims& padding, const Dims& stride) {
  check_float("unfold", x);
  check(x.dim() == 3 || x.dim() == 4,
        "unfold: the input must have shape (batch, channels, height, width) or (channels, height, width), got {}",
        x.shape());
  if (x.dim() == 3) return squeeze(unfold(unsqueeze(x, 0), kernel_size, dilation, padding, stride), 0);
  const std::int64_t height = x.size(2), width = x.size(3);
  const Windows w("unfold", kernel_size, dilation, padding, stride, height, width);
  return record("unfold", to_columns(x, w), {x},
                [w, height, width](const Tensor& dy) -> Gradients { return {to_images(dy, height, width, w)}; });
}

Tensor fold(const Tensor& columns, const Dims& output_size, const Dims& kernel_size, const Dims& dilation,
            const Dims& padding, const Dims& stride) {
  check_float("fold", columns);
  check(columns.dim() == 2 || columns.dim() == 3,
        "fold: the input must have shape (batch, channels kh kw, windows) or (channels kh kw, windows), got {}",
        columns.shape());
  if (columns.dim() == 2)
    return squeeze(fold(unsqueeze(columns, 0), output_size, kernel_size, dilation, padding, stride), 0);
  const Dims size = height_width("fold", "output_size", output_size);
  const Windows w("fold", kernel_size, dilation, padding, stride, size[0], size[1]);
  check(columns.size(1) % (w.kernel[0] * w.kernel[1]) == 0 && columns.size(2) == w.count[0] * w.count[1],
        "fold: output_size {} and a kernel of {} x {} need an input of shape (batch, channels {}, {}), got {}", size,
        w.kernel[0], w.kernel[1], w.kernel[0] * w.kernel[1], w.count[0] * w.count[1], columns.shape());
  return record("fold", to_images(columns, size[0], size[1], w), {columns},
                [w](const Tensor& dy) -> Gradients { return {to_columns(dy, w)}; });
}

}  // namespace tilestack

#pragma once
// What the pooling ops share: arguments to windows and shapes.
#include <optional>

#include "core/op.h"
#include "core/window.h"

namespace tilestack {

// One number stands for both height and width.
inline Dims height_width(const char* op, const char* name, const Dims& sizes) {
  check(sizes.size() == 1 || sizes.size() == 2, "{}: {} must be one number or (height, width), got {}", op, name,
        sizes);
  return {sizes[0], sizes[-1]};
}

// An empty stride is the kernel's size.
inline Window2d pool_window(const char* op, const Dims& kernel_size, const Dims& stride, const Dims& padding,
                            const Dims& dilation) {
  const Dims kernel = height_width(op, "kernel_size", kernel_size);
  const Dims step = stride.empty() ? kernel : height_width(op, "stride", stride);
  const Dims pad = height_width(op, "padding", padding), spread = height_width(op, "dilation", dilation);
  Window2d window{};
  for (int i = 0; i < 2; ++i) {
    check(kernel[i] > 0 && step[i] > 0 && spread[i] > 0,
          "{}: kernel_size, stride and dilation must be positive, got {}, {}, {}", op, kernel, step, spread);
    check(pad[i] >= 0 && pad[i] <= kernel[i] / 2, "{}: padding must be at most half of kernel_size {}, got {}", op,
          kernel, pad);
    window.kernel[i] = kernel[i], window.stride[i] = step[i];
    window.padding[i] = pad[i], window.dilation[i] = spread[i];
  }
  return window;
}

// x as (batch, channels, height, width); (channels, height, width) becomes a batch of one.
inline Tensor as_images(const char* op, const Tensor& x) {
  check(x.dim() == 3 || x.dim() == 4,
        "{}: the input must have shape (batch, channels, height, width) or (channels, height, width), got {}", op,
        x.shape());
  if (x.dim() == 4) return x;
  const Dims strides = x.strides();
  return view_of(x, {1, x.size(0), x.size(1), x.size(2)}, {x.numel(), strides[0], strides[1], strides[2]});
}

// How the images of one call lie in memory: channels-last, or in planes, as contiguous ones do.
struct ImageLayout {
  bool planes;

  Tensor arranged(const Tensor& images) const { return planes ? as_contiguous(images) : as_channels_last(images); }
  Tensor empty(const Dims& shape, DType dtype, Device device) const {
    return planes ? tilestack::empty(shape, dtype, device) : empty_channels_last(shape, dtype, device);
  }
};

// Planes stay where there are kernels for them. suited: they would not make vectors of a few windows each.
inline ImageLayout pool_layout(const Tensor& images, bool suited) {
  return {suited && images.device() == Device{} && images.dtype() == DType::float32 && images.is_contiguous() &&
          !images.view().is_channels_last()};
}
inline bool suits_planes(const Dims& pooled) { return pooled[3] >= 6; }
inline bool mean_suits_planes(const Dims& pooled) { return suits_planes(pooled) || pooled[2] * pooled[3] == 1; }

// The images' memory with `ndim` dimensions, the number that the op's input had.
inline Tensor from_images(const Tensor& images, int ndim) {
  if (ndim == 4) return images;
  const Dims shape = images.shape(), strides = images.strides();
  return view_of(images, {shape[1], shape[2], shape[3]}, {strides[1], strides[2], strides[3]});
}

// Shape of the pooled images. With ceil_mode a last window may reach beyond the padding, but must start before it.
inline Dims pooled_shape(const char* op, const Tensor& images, const Window2d& w, bool ceil_mode) {
  Dims shape = images.shape();
  for (int i = 0; i < 2; ++i) {
    const std::int64_t size = shape[2 + i];
    const std::int64_t room =
        size + 2 * w.padding[i] - w.dilation[i] * (w.kernel[i] - 1) - 1 + (ceil_mode ? w.stride[i] - 1 : 0);
    std::int64_t out = room < 0 ? 0 : room / w.stride[i] + 1;
    if (ceil_mode && (out - 1) * w.stride[i] >= size + w.padding[i]) --out;
    check(size > 0 && out > 0, "{}: kernel_size ({}, {}) does not fit into an input of shape {}", op, w.kernel[0],
          w.kernel[1], images.shape());
    shape[2 + i] = out;
  }
  return shape;
}

// The equal windows that tile images of `shape`, if they do.
inline std::optional<Window2d> tiling_window(const Dims& shape, const Dims& pooled) {
  Window2d window{{}, {}, {}, {1, 1}};
  for (int i = 0; i < 2; ++i) {
    const std::int64_t in = shape[2 + i], out = pooled[2 + i];
    if (out == 0 || in % out != 0) return {};
    window.kernel[i] = window.stride[i] = in / out;
  }
  return window;
}

// Shape of images pooled to output_size, in which -1 keeps a size.
inline Dims adaptive_shape(const char* op, const Tensor& images, const Dims& output_size) {
  const Dims out = height_width(op, "output_size", output_size);
  Dims shape = images.shape();
  check(shape[2] > 0 && shape[3] > 0, "{}: the input's height and width must not be 0, got shape {}", op, shape);
  for (int i = 0; i < 2; ++i) {
    check(out[i] >= -1, "{}: output_size must not be negative, got {}", op, out);
    if (out[i] >= 0) shape[2 + i] = out[i];
  }
  return shape;
}

}  // namespace tilestack

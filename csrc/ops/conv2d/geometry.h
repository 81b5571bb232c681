#pragma once
// Sizes of a convolution, and its parts as matrix products over windows.
#include "core/gemm/gemm.h"
#include "core/gemm/gradient.h"
#include "ops/conv2d/conv2d.h"

namespace tilestack::TILESTACK_ISA {
namespace {

struct Geometry {
  std::int64_t batch, in, out, size[2], out_size[2], kernel[2];
  std::int64_t groups, group_in, group_out;  // channels of a group
  Conv2dSteps steps;

  TILESTACK_INLINE Geometry(View x_shape, View w, View y, const Conv2dSteps& s)
      : batch(y.size(0)),
        in(w.size(1) * s.groups),
        out(y.size(1)),
        size{x_shape.size(2), x_shape.size(3)},
        out_size{y.size(2), y.size(3)},
        kernel{w.size(2), w.size(3)},
        groups(s.groups),
        group_in(w.size(1)),
        group_out(y.size(1) / s.groups),
        steps(s) {}
  TILESTACK_INLINE std::int64_t taps() const { return kernel[0] * kernel[1]; }
  TILESTACK_INLINE std::int64_t pixels() const { return batch * size[0] * size[1]; }
  TILESTACK_INLINE std::int64_t out_pixels() const { return batch * out_size[0] * out_size[1]; }
  // Pixels of x and y correspond one to one.
  TILESTACK_INLINE bool pointwise() const {
    return taps() == 1 && steps.stride[0] == 1 && steps.stride[1] == 1 && steps.padding[0] == 0 &&
           steps.padding[1] == 0;
  }
  TILESTACK_INLINE bool depthwise() const { return group_in == 1 && group_out == 1 && groups > 1; }
  // The windows of x that the kernel sees.
  TILESTACK_INLINE Windows windows() const {
    return {.rows = out_size[0],
            .cols = out_size[1],
            .step_y = steps.stride[0],
            .step_x = steps.stride[1],
            .first_y = -steps.padding[0],
            .first_x = -steps.padding[1],
            .taps_high = kernel[0],
            .taps_wide = kernel[1],
            .tap_y = steps.dilation[0],
            .tap_x = steps.dilation[1],
            .height = size[0],
            .width = size[1],
            .channels = group_in,
            .pixel_stride = in,
            .row_stride = size[1] * in,
            .image_stride = size[0] * size[1] * in};
  }
};

// In one direction, the pixels of dx that are congruent modulo the stride: they meet the same taps of the kernel, so
// that dx is a convolution of dz with those. Tap `first - t * every` of the kernel meets, at pixel `residue + i *
// stride`, the pixel i + shift + t * step of dz.
struct Residue {
  std::int64_t pixels, taps, first, every, shift, step;

  TILESTACK_INLINE Residue(const Geometry& g, int axis, std::int64_t residue) {
    const std::int64_t stride = g.steps.stride[axis], dilation = g.steps.dilation[axis], kernel = g.kernel[axis];
    const std::int64_t at = residue + g.steps.padding[axis];
    pixels = g.size[axis] > residue ? (g.size[axis] - residue + stride - 1) / stride : 0;
    taps = 0;
    first = 0;
    every = stride;  // the distance of taps that leave the same remainder
    for (std::int64_t e = stride - 1; e > 0; --e)
      if (e * dilation % stride == 0) every = e;
    for (std::int64_t u = 0; u < kernel; ++u) {
      if (floor_mod(at - u * dilation, stride) != 0) continue;
      ++taps;
      first = u;
    }
    const std::int64_t from = at - first * dilation;
    shift = (from - floor_mod(from, stride)) / stride;
    step = every * dilation / stride;
  }
  TILESTACK_INLINE static std::int64_t floor_mod(std::int64_t a, std::int64_t b) { return (a % b + b) % b; }
};

// Where windows of few channels reach beyond the image, a copy with a border of zeros: its rows of taps are contiguous.
template <class S>
struct Bordered {
  Windows windows;
  std::int64_t low_y = 0, low_x = 0;
  bool copied;
  Scratch<S> memory;
  const S* data;

  Bordered(const Windows& w, const S* image, std::int64_t batch)
      : windows(w),
        copied(!w.all_inside() && w.channels < 32 && w.pixel_stride == w.channels && w.tap_x == 1 && w.taps_wide > 1),
        memory(copied ? grow() * batch : 1),
        data(copied ? memory.data : image) {
    if (!copied) return;
    const std::int64_t line = windows.row_stride, used = w.width * w.channels, before = low_x * w.channels;
    parallel_rows(batch * windows.height, line, [&](std::int64_t row) {
      const std::int64_t y = row % windows.height - low_y;
      S* to = memory + row * line;
      const bool inside = y >= 0 && y < w.height;
      __builtin_memset(static_cast<void*>(to), 0, std::size_t(inside ? before : line) * sizeof(S));
      if (!inside) return;
      const S* from = image + row / windows.height * w.image_stride + y * w.row_stride;
      __builtin_memcpy(to + before, from, std::size_t(used) * sizeof(S));
      __builtin_memset(static_cast<void*>(to + before + used), 0, std::size_t(line - before - used) * sizeof(S));
    });
  }

 private:
  std::int64_t grow() {
    const auto beyond = [](std::int64_t last, std::int64_t size) { return last >= size ? last - size + 1 : 0; };
    const std::int64_t high_y = beyond(windows.last_y(), windows.height),
                       high_x = beyond(windows.last_x(), windows.width);
    low_y = windows.first_y < 0 ? -windows.first_y : 0;
    low_x = windows.first_x < 0 ? -windows.first_x : 0;
    windows.first_y += low_y;
    windows.first_x += low_x;
    windows.height += low_y + high_y;
    windows.width += low_x + high_x;
    windows.row_stride = windows.width * windows.channels;
    return windows.image_stride = windows.height * windows.row_stride;
  }
};

}  // namespace
}  // namespace tilestack::TILESTACK_ISA

#pragma once
// Sizes of a convolution, and its parts as matrix products over windows.
#include "core/gemm/gemm.h"
#include "ops/conv2d/conv2d.h"

namespace tilestack::TILESTACK_ISA {
namespace {

// Processors without AVX2 do without the code for special cases.
#if defined(__x86_64__) && !defined(__AVX2__)
constexpr bool kSpecialCases = false;
#else
constexpr bool kSpecialCases = true;
#endif

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
  // The windows of x that the kernel sees. x: channels-last, or else contiguous
  TILESTACK_INLINE Windows windows(const View& x) const {
    Windows w = windows();
    if (x.is_channels_last()) return w;
    w.pixel_stride = 1;
    w.row_stride = size[1];
    w.channel_stride = size[0] * size[1];
    return w;
  }
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

// The windows of dz, of shape y, that those pixels of dx see.
TILESTACK_INLINE Windows windows_of(const Geometry& g, const Residue& y, const Residue& x) {
  return {.rows = y.pixels,
          .cols = x.pixels,
          .step_y = 1,
          .step_x = 1,
          .first_y = y.shift,
          .first_x = x.shift,
          .taps_high = y.taps,
          .taps_wide = x.taps,
          .tap_y = y.step,
          .tap_x = x.step,
          .height = g.out_size[0],
          .width = g.out_size[1],
          .channels = g.group_out,
          .pixel_stride = g.out,
          .row_stride = g.out_size[1] * g.out,
          .image_stride = g.out_size[0] * g.out_size[1] * g.out};
}

// Where they are in dx, whose first pixel of that residue is at `first`.
TILESTACK_INLINE GemmOutput output_of(const Geometry& g, const Residue& y, const Residue& x, void* first, DType dtype) {
  GemmOutput c{.data = first, .dtype = dtype, .row_stride = g.steps.stride[1] * g.in};
  c.grid_rows = y.pixels;
  c.grid_cols = g.steps.stride[0] * g.steps.stride[1] > 1 ? x.pixels : 0;
  c.grid_row_stride = g.steps.stride[0] * g.size[1] * g.in;
  c.image_stride = g.size[0] * g.size[1] * g.in;
  return c;
}

}  // namespace
}  // namespace tilestack::TILESTACK_ISA

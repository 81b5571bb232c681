#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/kernels.h"

namespace tilestack {

class Dims;

enum class Interpolation : std::int8_t { nearest, nearest_exact, linear, linear_aligned };

// scale: positions of the input per position of the output, (height, width).
struct Resampling {
  Interpolation mode;
  double scale[2];
};

// y(o) = the input at o's place in it: the element there, or the mean of the four around it, weighted by closeness.
// x: (batch, channels, height, width)   y: (batch, channels, height', width')   channels-last, float, not empty
// backward gathers what the outputs send to each position, in their order; it overwrites dx.
struct InterpolateKernels {
  void (*forward)(View x, View y, Resampling how);
  void (*backward)(View dy, View dx, Resampling how);
};
TILESTACK_KERNELS(InterpolateKernels, interpolate)

// x: (batch, channels, length) or (batch, channels, height, width). One of size and scale_factor is there; of either
// one number stands for all dimensions.
Tensor interpolate(const Tensor& x, const std::optional<Dims>& size,
                   const std::optional<std::vector<double>>& scale_factor, const std::string& mode,
                   std::optional<bool> align_corners, std::optional<bool> recompute_scale_factor, bool antialias);

// Where output o looks: at `low` with 1 - share and at `high` with share.
template <class C>
struct Look {
  std::int64_t low, high;
  C share;
};
// C: float or double, as torch rounds places.
template <class C>
TILESTACK_INLINE Look<C> look_of(Interpolation mode, C scale, std::int64_t o, std::int64_t in) {
  C place = scale * C(o);
  if (mode == Interpolation::nearest_exact) place = (C(o) + C(0.5)) * scale;
  if (mode == Interpolation::linear) place = scale * (C(o) + C(0.5)) - C(0.5);
  if (place < C(0)) place = C(0);
  Look<C> look{std::int64_t(place), 0, C(0)};
  if (look.low > in - 1) look.low = in - 1;
  look.high = look.low;
  if (mode < Interpolation::linear || look.low == in - 1) return look;
  ++look.high;
  look.share = place - C(look.low);
  return look;
}

}  // namespace tilestack

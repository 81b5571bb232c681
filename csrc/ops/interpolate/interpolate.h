#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/kernels.h"

namespace tilestack {

class Dims;

enum class Interpolation : std::int8_t { nearest, nearest_exact, linear, linear_aligned, cubic, cubic_aligned };

// scale: positions of the input per position of the output, (height, width).
struct Resampling {
  Interpolation mode;
  double scale[2];
};

// y(o) = the input at o's place in it: the element there, the mean of the four around it, weighted by closeness, or the
// cubic through the sixteen around it (Keys, 1981).
// x: (batch, channels, height, width)   y: (batch, channels, height', width')   channels-last, float, not empty
// backward gathers what the outputs send to each position, in their order; it overwrites dx.
struct InterpolateKernels {
  void (*forward)(View x, View y, Resampling how);
  void (*backward)(View dy, View dx, Resampling how);
};
TILESTACK_KERNELS(InterpolateKernels, interpolate)

// x: (batch, channels, length), (batch, channels, height, width) or (batch, channels, depth, height, width), which is
// resampled in two passes. One of size and scale_factor is there; of either one number stands for all dimensions.
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

// Where a cubic output looks: at four neighbours from `first` on; those beyond an edge are the edge.
template <class C>
struct CubicLook {
  std::int64_t first;
  C weight[4];
  TILESTACK_INLINE static std::int64_t inside(std::int64_t i, std::int64_t in) {
    return i < 0 ? 0 : i < in ? i : in - 1;
  }
};
template <class C>
TILESTACK_INLINE CubicLook<C> cubic_look_of(Interpolation mode, C scale, std::int64_t o) {
  constexpr C a = C(-0.75);
  const C place = mode == Interpolation::cubic ? scale * (C(o) + C(0.5)) - C(0.5) : scale * C(o);
  std::int64_t low = std::int64_t(place);
  if (C(low) > place) --low;
  const C t = place - C(low);
  const auto near = [](C d) { return ((a + 2) * d - (a + 3)) * d * d + 1; };       // d from 0 to 1
  const auto far = [](C d) { return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a; };  // from 1 to 2
  return {low - 1, {far(t + 1), near(t), near(1 - t), far(2 - t)}};
}

}  // namespace tilestack

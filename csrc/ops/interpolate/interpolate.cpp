#include "ops/interpolate/interpolate.h"

#include <cmath>

#include "core/pool_shape.h"
#include "core/views.h"
#include "ops/adaptive_avg_pool2d/adaptive_avg_pool2d.h"

namespace tilestack {
namespace {

Interpolation interpolation_of(const std::string& mode, bool align_corners) {
  if (mode == "nearest") return Interpolation::nearest;
  if (mode == "nearest-exact") return Interpolation::nearest_exact;
  return align_corners ? Interpolation::linear_aligned : Interpolation::linear;
}

void check_mode(const Tensor& x, const std::string& mode, std::optional<bool> align_corners) {
  check(x.dim() == 3 || x.dim() == 4,
        "interpolate: the input must have shape (batch, channels, length) or (batch, channels, height, width), got {}",
        x.shape());
  const char* linear = x.dim() == 3 ? "linear" : "bilinear";
  check(mode == "nearest" || mode == "nearest-exact" || mode == "area" || mode == linear,
        "interpolate: mode must be nearest, nearest-exact, area or {} for {} dimensions, got \"{}\"", linear, x.dim(),
        mode);
  check(mode == linear || !align_corners, "interpolate: align_corners is for mode {} only, got mode \"{}\"", linear,
        mode);
}

std::int64_t one_of(const Dims& size, int i) { return size[size.size() == 1 ? 0 : i]; }

// Of the dimensions after channels: the result's sizes, and the given scale factors, 0 where sizes count.
Dims resampled_sizes(const Tensor& x, const std::optional<Dims>& size, const std::optional<std::vector<double>>& factor,
                     double (&factors)[2]) {
  const int n = x.dim() - 2;
  check(size.has_value() != factor.has_value(), "interpolate: wanted one of size and scale_factor");
  const int given = size ? size->size() : int(factor->size());
  check(given == 1 || given == n, "interpolate: size or scale_factor must be one number or {}, got {}", n, given);
  Dims sizes;
  for (int i = 0; i < n; ++i) {
    factors[i] = size ? 0 : (*factor)[given == 1 ? 0 : i];
    const double wanted = size ? double(one_of(*size, i)) : std::floor(double(x.size(2 + i)) * factors[i]);
    check(wanted >= 1 && wanted < double(std::int64_t(1) << 31) && x.size(2 + i) > 0,
          "interpolate: sizes must be at least 1, got {} from an input of shape {}", wanted, x.shape());
    sizes.push_back(std::int64_t(wanted));
  }
  return sizes;
}

}  // namespace

Tensor interpolate(const Tensor& x, const std::optional<Dims>& size,
                   const std::optional<std::vector<double>>& scale_factor, const std::string& mode,
                   std::optional<bool> align_corners, std::optional<bool> recompute_scale_factor, bool antialias) {
  check_float("interpolate", x);
  check(!antialias, "interpolate: antialias is not supported");
  check_mode(x, mode, align_corners);
  double factors[2];
  Dims sizes = resampled_sizes(x, size, scale_factor, factors);
  check(scale_factor || !recompute_scale_factor.value_or(false),
        "interpolate: recompute_scale_factor needs scale_factor, got size");
  if (x.dim() == 3) {
    std::optional<std::vector<double>> both;
    if (scale_factor) both = {1.0, factors[0]};
    const bool linear = mode == "linear";
    return squeeze(interpolate(unsqueeze(x, 2), size ? std::optional<Dims>({1, sizes[0]}) : std::nullopt, both,
                               linear ? "bilinear" : mode, align_corners, recompute_scale_factor, false),
                   2);
  }
  if (mode == "area") return adaptive_avg_pool2d(x, sizes);

  Resampling how{interpolation_of(mode, align_corners.value_or(false)), {}};
  for (int i = 0; i < 2; ++i) {
    const double in = double(x.size(2 + i)), out = double(sizes[i]);
    how.scale[i] = factors[i] > 0 && !recompute_scale_factor.value_or(false) ? 1 / factors[i] : in / out;
    if (how.mode == Interpolation::linear_aligned) how.scale[i] = out > 1 ? (in - 1) / (out - 1) : 0;
  }
  const Tensor in = as_channels_last(x);
  const Tensor y = empty_channels_last({x.size(0), x.size(1), sizes[0], sizes[1]}, x.dtype(), x.device());
  if (y.numel() > 0) interpolate_on(x.device()).forward(in, y, how);
  return record("interpolate", y, {x}, [shape = x.shape(), how](const Tensor& dy) -> Gradients {
    const Tensor dx = empty_channels_last(shape, dy.dtype(), dy.device());
    if (dx.numel() > 0) interpolate_on(dy.device()).backward(as_channels_last(dy), dx, how);
    return {dx};
  });
}

}  // namespace tilestack

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
  if (mode == "bicubic") return align_corners ? Interpolation::cubic_aligned : Interpolation::cubic;
  return align_corners ? Interpolation::linear_aligned : Interpolation::linear;
}

void check_mode(const Tensor& x, const std::string& mode, std::optional<bool> align_corners) {
  check(x.dim() >= 3 && x.dim() <= 5,
        "interpolate: the input must have shape (batch, channels, length), (batch, channels, height, width) or (batch, "
        "channels, depth, height, width), got {}",
        x.shape());
  const char* smooth = x.dim() == 3 ? "linear" : x.dim() == 4 ? "bilinear or bicubic" : "trilinear";
  const bool is_smooth = x.dim() == 3   ? mode == "linear"
                         : x.dim() == 4 ? mode == "bilinear" || mode == "bicubic"
                                        : mode == "trilinear";
  check(is_smooth || mode == "nearest" || mode == "nearest-exact" || mode == "area",
        "interpolate: mode must be nearest, nearest-exact, area or {} for {} dimensions, got \"{}\"", smooth, x.dim(),
        mode);
  check(is_smooth || !align_corners, "interpolate: align_corners is for mode {} only, got mode \"{}\"", smooth, mode);
}

std::int64_t one_of(const Dims& size, int i) { return size[size.size() == 1 ? 0 : i]; }

// Of the dimensions after channels: the result's sizes, and the given scale factors, 0 where sizes count.
Dims resampled_sizes(const Tensor& x, const std::optional<Dims>& size, const std::optional<std::vector<double>>& factor,
                     std::vector<double>& factors) {
  const int n = x.dim() - 2;
  check(size.has_value() != factor.has_value(), "interpolate: wanted one of size and scale_factor");
  const int given = size ? size->size() : int(factor->size());
  check(given == 1 || given == n, "interpolate: size or scale_factor must be one number or {}, got {}", n, given);
  Dims sizes;
  for (int i = 0; i < n; ++i) {
    factors.push_back(size ? 0 : (*factor)[given == 1 ? 0 : i]);
    const double wanted = size ? double(one_of(*size, i)) : std::floor(double(x.size(2 + i)) * factors[i]);
    check(wanted >= 1 && wanted < double(std::int64_t(1) << 31) && x.size(2 + i) > 0,
          "interpolate: sizes must be at least 1, got {} from an input of shape {}", wanted, x.shape());
    sizes.push_back(std::int64_t(wanted));
  }
  return sizes;
}

// Depth and the plane of the others apart, each as images: every mode but cubic is a product of its dimensions.
Tensor resampled_volume(const Tensor& x, const Dims& sizes, const std::vector<double>& factors,
                        const std::string& given, std::optional<bool> align_corners, bool recompute) {
  const std::string mode = given == "trilinear" ? "bilinear" : given;
  const auto resample = [&](const Tensor& images, const Dims& size, std::vector<double> factor) {
    const bool by_factor = factors[0] > 0 && !recompute;
    return interpolate(images, by_factor ? std::nullopt : std::optional<Dims>(size),
                       by_factor ? std::optional(std::move(factor)) : std::nullopt, mode, align_corners, {}, false);
  };
  const std::int64_t batch = x.size(0), channels = x.size(1), depth = x.size(2), area = sizes[1] * sizes[2];
  const Tensor frames = reshape(x, {batch, channels * depth, x.size(3), x.size(4)});
  const Tensor planes = resample(frames, {sizes[1], sizes[2]}, {factors[1], factors[2]});
  const Tensor lines = resample(reshape(planes, {batch, channels, depth, area}), {sizes[0], area}, {factors[0], 1.0});
  return reshape(lines, {batch, channels, sizes[0], sizes[1], sizes[2]});
}

}  // namespace

Tensor interpolate(const Tensor& x, const std::optional<Dims>& size,
                   const std::optional<std::vector<double>>& scale_factor, const std::string& mode,
                   std::optional<bool> align_corners, std::optional<bool> recompute_scale_factor, bool antialias) {
  check_float("interpolate", x);
  check(!antialias, "interpolate: antialias is not supported");
  check_mode(x, mode, align_corners);
  std::vector<double> factors;
  const Dims sizes = resampled_sizes(x, size, scale_factor, factors);
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
  if (x.dim() == 5)
    return resampled_volume(x, sizes, factors, mode, align_corners, recompute_scale_factor.value_or(false));
  if (mode == "area") return adaptive_avg_pool2d(x, sizes);

  Resampling how{interpolation_of(mode, align_corners.value_or(false)), {}};
  for (int i = 0; i < 2; ++i) {
    const double in = double(x.size(2 + i)), out = double(sizes[i]);
    how.scale[i] = factors[i] > 0 && !recompute_scale_factor.value_or(false) ? 1 / factors[i] : in / out;
    if (how.mode == Interpolation::linear_aligned || how.mode == Interpolation::cubic_aligned)
      how.scale[i] = out > 1 ? (in - 1) / (out - 1) : 0;
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

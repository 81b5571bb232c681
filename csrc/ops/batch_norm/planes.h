#pragma once
// Batch norm of float32 channels that lie in planes, (batch, channels, positions). Every pass takes planes in the order
// of memory; their sums are merged by channel, image after image.
#include <cmath>

#include "core/rows.h"

namespace tilestack::TILESTACK_ISA {
namespace {

// f(plane, channel) for all planes of all images.
template <class F>
TILESTACK_INLINE void parallel_planes(const View& x, F&& f) {
  const std::int64_t channels = x.shape[1];
  parallel_rows(x.shape[0] * channels, x.shape[2], [&](std::int64_t plane) { f(plane, plane % channels); });
}

// Planes of a channel that are summed as one: several images' where they are small. Groups lie as channels do: those of
// the first images, channel by channel, then those of the next.
struct PlaneGroups {
  std::int64_t images, channels, size, high, count;  // high: images of a group; count: groups of a channel

  explicit PlaneGroups(const View& x)
      : images(x.shape[0]),
        channels(x.shape[1]),
        size(x.shape[2]),
        high(size < 1024 ? 1024 / size : 1),
        count((images + high - 1) / high) {}

  std::int64_t images_of(std::int64_t group) const {
    const std::int64_t left = images - group / channels * high;
    return left < high ? left : high;
  }
  std::int64_t offset(std::int64_t group) const {
    return (group / channels * high * channels + group % channels) * size;
  }

  // f(group) for all groups.
  template <class F>
  TILESTACK_INLINE void each(F&& f) const {
    parallel_rows(count * channels, high * size, f);
  }
  // sum(term(group)) over the groups of a channel.
  template <class F>
  TILESTACK_INLINE auto sum(std::int64_t channel, F&& term) const {
    decltype(term(channel)) total{};
    for (std::int64_t i = 0; i < count; ++i) total += term(i * channels + channel);
    return total;
  }
  // f(at, n) for parts of a group's planes that a first cache holds.
  template <class F>
  TILESTACK_INLINE void each_tile(F&& f) const {
    constexpr std::int64_t most = 2048;
    for (std::int64_t at = 0; at < size; at += most) f(at, size - at < most ? size - at : most);
  }
  // The sum of term(at, part) over n elements of each plane of a group.
  template <class F>
  TILESTACK_INLINE auto sum_tile(std::int64_t images, std::int64_t n, F&& term) const {
    decltype(term(n, WholeVector{})) total{};
    for (std::int64_t image = 0; image < images; ++image)
      total +=
          sum_vectors<float>(n, [&](std::int64_t i, auto part) { return term(image * channels * size + i, part); });
    return sum_lanes(total);
  }
};

// Mean of a group and sum of squares about it: of each tile about its own mean, merged in order (Chan, Golub and
// LeVeque).
TILESTACK_INLINE Pair<double> group_moments(const PlaneGroups& groups, const float* first, std::int64_t images) {
  double mean = 0, squares = 0;
  groups.each_tile([&](std::int64_t at, std::int64_t n) {
    const float* x = first + at;
    const float center =
        groups.sum_tile(images, n, [&](std::int64_t i, auto part) { return part.load(x + i); }) / float(images * n);
    const float spread = groups.sum_tile(images, n, [&](std::int64_t i, auto part) {
      const VecF d = part.keep(part.load(x + i) - center);
      return d * d;
    });
    const double distance = center - mean, share = double(n) / double(at + n);
    mean += distance * share;
    squares += spread + distance * distance * double(images * at) * share;
  });
  return {mean, squares};
}

// Mean and biased variance of each channel.
void statistics_of_planes(const View& x, float* mean, float* variance) {
  const PlaneGroups groups(x);
  const double positions = double(groups.images * groups.size);
  const Scratch<Pair<double>> moments(groups.count * groups.channels);
  groups.each([&](std::int64_t group) {
    moments[group] = group_moments(groups, x.data<float>() + groups.offset(group), groups.images_of(group));
  });
  parallel_rows(groups.channels, groups.count, [&](std::int64_t c) {
    const auto size = [&](std::int64_t group) { return double(groups.images_of(group) * groups.size); };
    const double center =
        groups.sum(c, [&](std::int64_t group) { return moments[group].first * size(group); }) / positions;
    const double squares = groups.sum(c, [&](std::int64_t group) {
      const double distance = moments[group].first - center;
      return moments[group].second + size(group) * distance * distance;
    });
    mean[c] = float(center);
    variance[c] = float(squares / positions);
  });
}

template <class C>
TILESTACK_INLINE C inverse_deviation(C variance, double eps) {
  return 1 / std::sqrt(variance + C(eps));
}

void forward_planes(View x, View mean, View variance, View w, View b, View y, double eps, bool training) {
  const std::int64_t size = x.shape[2];
  if (training) statistics_of_planes(x, mean.data<float>(), variance.data<float>());
  parallel_planes(x, [&](std::int64_t plane, std::int64_t c) {
    const float* in = x.data<float>() + plane * size;
    float* out = y.data<float>() + plane * size;
    const float center = mean.data<float>()[c], r = inverse_deviation(variance.data<float>()[c], eps);
    const float scale = w.defined() ? r * w.data<float>()[c] : r, shift = b.defined() ? b.data<float>()[c] : 0;
    for_vectors<float>(
        size, [&](std::int64_t i, auto part) { part.store(out + i, (part.load(in + i) - center) * scale + shift); });
  });
}

// Of each channel, the sums of dy and of (x - mean) dy.
void gradient_sums_of_planes(const View& x, const View& dy, const float* mean, Pair<double>* sums) {
  const PlaneGroups groups(x);
  const Scratch<Pair<double>> of_groups(groups.count * groups.channels);
  groups.each([&](std::int64_t group) {
    const std::int64_t first = groups.offset(group), images = groups.images_of(group);
    const float center = mean[group % groups.channels];
    Pair<double> total{};
    groups.each_tile([&](std::int64_t at, std::int64_t n) {
      const float *in = x.data<float>() + first + at, *slopes = dy.data<float>() + first + at;
      const auto of_tile = groups.sum_tile(images, n, [&](std::int64_t i, auto part) {
        const VecF g = part.load(slopes + i);
        return Pair<VecF>{g, g * (part.load(in + i) - center)};
      });
      total += {double(of_tile.first), double(of_tile.second)};
    });
    of_groups[group] = total;
  });
  parallel_rows(groups.channels, groups.count,
                [&](std::int64_t c) { sums[c] = groups.sum(c, [&](std::int64_t group) { return of_groups[group]; }); });
}

void backward_planes(View x, View mean, View variance, View w, View dy, View dx, View dw, View db, double eps,
                     bool training) {
  const std::int64_t size = x.shape[2];
  const double positions = double(x.shape[0] * size);
  const float *centers = mean.data<float>(), *spreads = variance.data<float>();
  const Scratch<Pair<double>> sums(x.shape[1]);
  if (training || dw.defined() || db.defined()) gradient_sums_of_planes(x, dy, centers, sums);
  for (std::int64_t c = 0; c < x.shape[1]; ++c) {
    if (dw.defined()) dw.data<float>()[c] = float(sums[c].second) * inverse_deviation(spreads[c], eps);
    if (db.defined()) db.data<float>()[c] = float(sums[c].first);
  }
  if (!dx.defined()) return;
  parallel_planes(x, [&](std::int64_t plane, std::int64_t c) {
    const float *in = x.data<float>() + plane * size, *slopes = dy.data<float>() + plane * size;
    float* out = dx.data<float>() + plane * size;
    const float center = centers[c], r = inverse_deviation(spreads[c], eps);
    const float scale = w.defined() ? r * w.data<float>()[c] : r;
    const float level = training ? float(sums[c].first / positions) : 0;
    const float slope = training ? float(sums[c].second / positions) * r * r : 0;
    for_vectors<float>(size, [&](std::int64_t i, auto part) {
      auto g = part.load(slopes + i);
      if (training) g -= level + (part.load(in + i) - center) * slope;
      part.store(out + i, g * scale);
    });
  });
}

}  // namespace
}  // namespace tilestack::TILESTACK_ISA

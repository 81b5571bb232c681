#pragma once
// Batch norm of float32 channels that lie in planes, (batch, channels, positions): all of a channel is one thread's,
// which finds it in its cache when it comes back to it.
#include <cmath>

#include "core/rows.h"

namespace tilestack::TILESTACK_ISA {
namespace {

// A part of a channel's planes that a first cache holds: several images' or a piece of one's.
struct Tile {
  std::int64_t images, size, stride;

  double count() const { return double(images * size); }
};

// f(offset, tile) for all of a channel, image by image.
template <class F>
TILESTACK_INLINE void for_tiles(const View& x, F&& f) {
  constexpr std::int64_t most = 2048;
  const std::int64_t images = x.shape[0], size = x.shape[2], stride = x.shape[1] * size;
  const std::int64_t high = size < most ? most / size : 1;
  for (std::int64_t image = 0; image < images; image += high)
    for (std::int64_t at = 0; at < size; at += most)
      f(image * stride + at,
        Tile{images - image < high ? images - image : high, size - at < most ? size - at : most, stride});
}

template <class F>
TILESTACK_INLINE auto sum_tile(const Tile& tile, F&& term) {
  decltype(term(tile.size, WholeVector{})) sum{};
  for (std::int64_t image = 0; image < tile.images; ++image)
    sum +=
        sum_vectors<float>(tile.size, [&](std::int64_t i, auto part) { return term(image * tile.stride + i, part); });
  return sum_lanes(sum);
}

// body(offset, part) for each vector of a channel.
template <class F>
TILESTACK_INLINE void for_channel(const View& x, std::int64_t channel, F&& body) {
  const std::int64_t size = x.shape[2];
  for (std::int64_t image = 0; image < x.shape[0]; ++image)
    for_vectors<float>(size, [&](std::int64_t i, auto part) { body((image * x.shape[1] + channel) * size + i, part); });
}

// f(channel) for all channels.
template <class F>
TILESTACK_INLINE void parallel_channels(const View& x, F&& f) {
  parallel_rows(x.shape[1], x.shape[0] * x.shape[2], f);
}

// Mean and biased variance of a channel: of each tile about its own mean, merged in order (Chan, Golub and LeVeque).
Pair<double> plane_moments(const View& x, std::int64_t channel) {
  double total = 0, mean = 0, squares = 0;
  for_tiles(x, [&](std::int64_t offset, const Tile& tile) {
    const float* at = x.data<float>() + channel * x.shape[2] + offset;
    const double count = tile.count();
    const float center = sum_tile(tile, [&](std::int64_t i, auto part) { return part.load(at + i); }) / float(count);
    const float spread = sum_tile(tile, [&](std::int64_t i, auto part) {
      const VecF d = part.keep(part.load(at + i) - center);
      return d * d;
    });
    const double distance = center - mean, share = count / (total + count);
    mean += distance * share;
    squares += spread + distance * distance * total * share;
    total += count;
  });
  return {mean, squares / total};
}

template <class C>
TILESTACK_INLINE C inverse_deviation(C variance, double eps) {
  return 1 / std::sqrt(variance + C(eps));
}

void forward_planes(View x, View mean, View variance, View w, View b, View y, double eps, bool training) {
  const float* in = x.data<float>();
  float* out = y.data<float>();
  parallel_channels(x, [&](std::int64_t c) {
    float &center = mean.data<float>()[c], &spread = variance.data<float>()[c];
    if (training) {
      const Pair<double> moments = plane_moments(x, c);
      center = float(moments.first);
      spread = float(moments.second);
    }
    const float r = inverse_deviation(spread, eps), scale = w.defined() ? r * w.data<float>()[c] : r;
    const float shift = b.defined() ? b.data<float>()[c] : 0, middle = center;
    for_channel(
        x, c, [&](std::int64_t at, auto part) { part.store(out + at, (part.load(in + at) - middle) * scale + shift); });
  });
}

// Sums of dy and of (x - mean) dy over a channel.
Pair<double> plane_gradient_sums(const View& x, const View& dy, std::int64_t channel, float mean) {
  Pair<double> sums{};
  for_tiles(x, [&](std::int64_t offset, const Tile& tile) {
    const std::int64_t at = channel * x.shape[2] + offset;
    const auto of_tile = sum_tile(tile, [&](std::int64_t i, auto part) {
      const VecF g = part.load(dy.data<float>() + at + i);
      return Pair<VecF>{g, g * (part.load(x.data<float>() + at + i) - mean)};
    });
    sums += {double(of_tile.first), double(of_tile.second)};
  });
  return sums;
}

void backward_planes(View x, View mean, View variance, View w, View dy, View dx, View dw, View db, double eps,
                     bool training) {
  const double positions = double(x.shape[0] * x.shape[2]);
  const float *in = x.data<float>(), *slopes = dy.data<float>();
  float* out = dx.data<float>();
  parallel_channels(x, [&](std::int64_t c) {
    const float center = mean.data<float>()[c], r = inverse_deviation(variance.data<float>()[c], eps);
    Pair<double> sums{};
    if (training || dw.defined() || db.defined()) sums = plane_gradient_sums(x, dy, c, center);
    if (dw.defined()) dw.data<float>()[c] = float(sums.second) * r;
    if (db.defined()) db.data<float>()[c] = float(sums.first);
    if (!dx.defined()) return;
    const float scale = w.defined() ? r * w.data<float>()[c] : r;
    const float level = float(sums.first / positions), slope = float(sums.second / positions) * r * r;
    for_channel(x, c, [&](std::int64_t at, auto part) {
      auto g = part.load(slopes + at);
      if (training) g -= level + (part.load(in + at) - center) * slope;
      part.store(out + at, g * scale);
    });
  });
}

}  // namespace
}  // namespace tilestack::TILESTACK_ISA

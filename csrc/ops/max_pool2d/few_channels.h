#pragma once
// Windows over channels-last images of float32 whose channels fill no more than a vector.
#include "core/pooling.h"

namespace tilestack::TILESTACK_ISA {
namespace {

TILESTACK_INLINE bool has_few_channels(const View& images, const View& tap) {
  return kVectorBytes > 16 && images.dtype == DType::float32 && images.shape[1] <= kLanes<float> &&
         tap.dtype != DType::int32;
}

// max_forward.
[[gnu::noinline]] void max_forward_few(const float* x, float* y, std::uint8_t* tap, std::int64_t images,
                                       std::int64_t channels, const PoolAxis& h, const PoolAxis& w) {
  const std::int64_t line = w.in * channels;
  const bool pairs = h.taps == 2 && w.taps == 2 && h.dilation == 1 && w.dilation == 1;  // of rows and columns: common
  parallel_image_rows(images, h.out, w.out * channels * h.taps, [&](std::int64_t image, std::int64_t oh) {
    const Span rows = h.inside[oh];
    const float* const top = x + (image * h.in + h.start[oh] + rows.begin * h.dilation) * line;
    std::int64_t to = (image * h.out + oh) * w.out * channels;
    for (std::int64_t ow = 0; ow < w.out; ++ow, to += channels) {
      const Span cols = w.inside[ow];
      const float* from = top + (w.start[ow] + cols.begin * w.dilation) * channels;
      VecF best = splat(-__builtin_inff());
      TapLanes<float> at = every_lane<float>(rows.begin * w.taps + cols.begin);
      const auto consider = [&](const float* p, std::int64_t t) {
        const VecF v = load_partial(p, channels);
        const TapLanes<float> take = (v > best) | (v != v);
        best = take ? v : best;
        at = take ? every_lane<float>(t) : at;
      };
      if (pairs && rows.end - rows.begin == 2 && cols.end - cols.begin == 2) {
        for (int t = 0; t < 4; ++t) consider(from + (t / 2 * line + t % 2 * channels), t);
      } else {
        for (std::int64_t r = rows.begin; r < rows.end; ++r, from += h.dilation * line)
          for (std::int64_t s = cols.begin; s < cols.end; ++s)
            consider(from + (s - cols.begin) * w.dilation * channels, r * w.taps + s);
      }
      store_partial(y + to, best, channels);
      if (tap) store_taps_as<float>(tap + to, at, channels);
    }
  });
}

// max_backward where windows tile the images: each writes all that it reads, in the order of memory, so
// that what is stored beyond its channels is overwritten.
[[gnu::noinline]] void max_backward_tiles(const float* dy, const std::uint8_t* tap, float* dx, std::int64_t images,
                                          std::int64_t channels, const PoolAxis& h, const PoolAxis& w) {
  constexpr std::int64_t L = kLanes<float>;
  const std::int64_t size = w.out * channels, step = size + L;  // of a row's windows: elements; to the next tap's
  const std::int64_t line = w.in * channels, grain = kElementGrain / (line * h.taps + 1) + 1;
  parallel_for(images * h.out, grain, [&](std::int64_t begin, std::int64_t end) {
    const Scratch<float> taps(w.taps * step + L);
    for (std::int64_t row = begin; row < end; ++row)
      for (std::int64_t r = 0; r < h.taps; ++r) {
        for (std::int64_t i = 0; i < size; i += L) {
          const std::int64_t at = row * size + i, left = size - i;
          const VecF d = load_upto(dy + at, left);
          const TapLanes<float> won = load_stored_taps<float>(tap + at, left < L ? left : L);
          for (std::int64_t s = 0; s < w.taps; ++s)
            store(taps + s * step + i, won == every_lane<float>(r * w.taps + s) ? d : VecF{});
        }
        float *to = dx + (row * h.taps + r) * line, *const until = to + line;
        for (std::int64_t o = 0; o < w.out; ++o)
          for (std::int64_t s = 0; s < w.taps; ++s, to += channels)
            store_upto(to, load(taps + s * step + o * channels), until - to);
      }
  });
}

}  // namespace
}  // namespace tilestack::TILESTACK_ISA

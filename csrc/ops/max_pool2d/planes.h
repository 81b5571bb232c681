#pragma once
// The largest elements of windows over planes, and their gradient.
#include "core/plane_pooling.h"

namespace tilestack::TILESTACK_ISA {
namespace {

// What is faster than by the mask of a comparison that others wait for, too. b where either is NaN.
TILESTACK_INLINE VecF larger(VecF a, VecF b) {
#if defined(__AVX512F__)
  return (VecF)_mm512_max_ps((__m512)a, (__m512)b);
#else
  return a > b ? a : b;
#endif
}

// Windows begin to end - 1, whose y, and tap, if it is wanted, are contiguous: lanes beyond a row's end are written
// over by the next. rows: where row 0 of x would be. kTaps: w.taps, or 0 for any; nan: there may be one.
template <int kTaps, bool nan>
[[gnu::noinline]] void max_windows(const PlaneWindows& p, const float* rows, std::int64_t begin, std::int64_t end,
                                   float* y, Taps tap) {
  const std::int64_t taps = kTaps ? kTaps : p.w.taps, size = p.phases.size();
  for (std::int64_t oh = begin; oh < end; ++oh)
    for (std::int64_t o = 0; o < p.w.out; o += kLine) {
      const Span inside = p.h.inside[oh];
      VecF best = splat(-__builtin_inff());
      auto from = load_raw<TapLanes<float>>(p.first_tap + o) + every_lane<float>(inside.begin * taps);
      for (std::int64_t r = inside.begin; r < inside.end; ++r)
        for (std::int64_t s = 0; s < taps; ++s) {
          const VecF v = load(rows + (p.h.start[oh] + r * p.h.dilation) * size + p.offset[s] + o);
          TapLanes<float> take = v > best;
          if constexpr (nan) take |= v != v;
          best = nan ? take ? v : best : larger(v, best);
          from = take ? every_lane<float>(r * taps + s) : from;
        }
      const std::int64_t at = (oh - begin) * p.w.out + o, left = (end - begin) * p.w.out - at;
      store_upto(y + at, best, left);
      if (tap) store_taps<float>(tap + at, from, left < kLine ? left : kLine);
    }
}

// The rows of x from `row` on into phases. Whether there is a NaN among them.
[[gnu::noinline]] bool split_for_max(const PlaneWindows& p, const float* x, std::int64_t rows, float* phases) {
  const std::int64_t n = p.w.in;
  TapLanes<float> nan{};
  split_rows(rows, n, p.phases, phases, [&](std::int64_t row, std::int64_t i) {
    const VecF v = load_padded(x + row * n + i, n - i, -__builtin_inff());
    nan |= v != v;
    return v;
  });
  return fold_lanes(nan, [](auto a, auto b) { return a | b; }) != 0;
}

void max_planes_forward(const float* x, float* y, Taps tap, std::int64_t planes, const PoolAxis& h, const PoolAxis& w,
                        const Window2d& window) {
  const PlaneWindows windows(h, w, window);
  const std::int64_t size = windows.phases.size(), stride = window.stride[0];
  const RowBlocks blocks(planes, h.out, h.in * w.in, stride * size * std::int64_t(sizeof(float)));
  blocks.parallel([&](std::int64_t piece, std::int64_t last) {
    const std::int64_t held = ((blocks.high - 1) * stride + windows.reach) * size;
    const Scratch<float> rows(held);
    fill_floats(rows, held, -__builtin_inff());
    blocks.for_blocks(piece, last, [&](std::int64_t plane, std::int64_t begin, std::int64_t end) {
      const Span read = windows.rows_of(begin, end);
      const bool nan = split_for_max(windows, x + (plane * h.in + read.begin) * w.in, read.end - read.begin, rows);
      const auto run = nan           ? max_windows<0, true>
                       : w.taps == 2 ? max_windows<2, false>
                       : w.taps == 3 ? max_windows<3, false>
                                     : max_windows<0, false>;
      const std::int64_t to = (plane * h.out + begin) * w.out;
      run(windows, rows - read.begin * size, begin, end, y + to, tap ? tap + to : tap);
    });
  });
}

template <class Stored>
TILESTACK_INLINE void scatter_plane(const float* dy, const Stored* won, const std::int32_t* offset, const PoolAxis& h,
                                    const PoolAxis& w, float* dx) {
  const std::int64_t* start = w.start;
  for (std::int64_t oh = 0; oh < h.out; ++oh, dy += w.out, won += w.out) {
    float* row = dx + h.start[oh] * w.in;
    for (std::int64_t ow = 0; ow < w.out; ++ow) row[start[ow] + offset[won[ow]]] += dy[ow];
  }
}

// Each window's dy to where it found its largest element, in their order: a plane is one thread's.
void max_planes_backward(const float* dy, Taps tap, float* dx, std::int64_t planes, const PoolAxis& h,
                         const PoolAxis& w) {
  if (!h.all_inside() || !w.all_inside()) return max_backward_scatter(dy, tap, dx, planes, 1, h, w);
  const Scratch<std::int32_t> offset(h.taps * w.taps);  // of each tap from tap 0
  for (std::int64_t i = 0; i < h.taps * w.taps; ++i)
    offset[i] = std::int32_t(i / w.taps * h.dilation * w.in + i % w.taps * w.dilation);
  const std::int64_t size = h.in * w.in, pooled = h.out * w.out;
  parallel_rows(planes, size, [&](std::int64_t plane) {
    float* to = dx + plane * size;
    __builtin_memset(to, 0, std::size_t(size) * sizeof *to);
    const float* from = dy + plane * pooled;
    const Taps won = tap + plane * pooled;
    tap.wide ? scatter_plane(from, won.ints(), offset, h, w, to) : scatter_plane(from, won.bytes(), offset, h, w, to);
  });
}

}  // namespace
}  // namespace tilestack::TILESTACK_ISA

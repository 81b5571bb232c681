#pragma once
// Windows that slide over planes of float32, images whose rows are contiguous: a vector is neighbouring windows of a
// row. Rows are copied first, so that what one tap reads for them lies side by side; a block of rows at a time, because
// loads that straddle the latest stores wait for them.
#include <utility>

#include "core/pooling.h"
#include "core/window.h"

namespace tilestack::TILESTACK_ISA {
namespace {

constexpr std::int64_t kLine = kLanes<float>;

// Of one channel, images are planes in any order of their dimensions.
TILESTACK_INLINE bool in_planes(const View& images) {
  return images.dtype == DType::float32 && images.is_contiguous() &&
         (images.shape[1] == 1 || !images.is_channels_last());
}

TILESTACK_INLINE std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a >= 0 ? a / b : -((b - 1 - a) / b); }
TILESTACK_INLINE std::int64_t whole_lines(std::int64_t n) { return (n + kLine - 1) / kLine * kLine; }

[[gnu::noinline]] void fill_floats(float* to, std::int64_t n, float value) {
  for (std::int64_t i = 0; i < n; ++i) to[i] = value;
}

// Rows split into `stride` phases, of elements 0, stride, 2 stride ..., then 1, 1 + stride, ... Those of a phase begin
// `lead` after its begin; before and after them it holds what padding is.
struct Phases {
  std::int64_t stride, lead, length;

  // For rows of n elements, read from `before` elements of a phase in front of them to `reach` past the phase's first.
  Phases(std::int64_t stride, std::int64_t n, std::int64_t before, std::int64_t reach)
      : stride(stride), lead(whole_lines(before)) {
    const std::int64_t held = (n + stride - 1) / stride;
    length = lead + whole_lines(held > reach ? held : reach) + kLine;
  }
  std::int64_t size() const { return stride * length; }
  // Where element i is, which may lie in the padding.
  std::int64_t place(std::int64_t i) const {
    const std::int64_t step = floor_div(i, stride);
    return (i - step * stride) * length + lead + step;
  }
};

template <bool odd, std::size_t... j>
TILESTACK_INLINE VecF every_second(VecF a, VecF b, std::index_sequence<j...>) {
  return __builtin_shufflevector(a, b, int(2 * j + odd)...);
}
// The low or the high halves of a and b, lane by lane in turn.
template <bool high, std::size_t... j>
TILESTACK_INLINE VecF in_turn(VecF a, VecF b, std::index_sequence<j...>) {
  return __builtin_shufflevector(a, b, (int(j / 2) + int(j % 2 * kLine) + (high ? int(kLine / 2) : 0))...);
}
constexpr auto kLineLanes = std::make_index_sequence<std::size_t(kLine)>();

// The first n lanes, which may be none or more than there are, and `padding`.
TILESTACK_INLINE VecF load_padded(const float* p, std::int64_t n, float padding) {
  return n >= kLine ? load(p) : n > 0 ? first_lanes<float>(load_partial(p, n), n, padding) : splat(padding);
}

// Rows of n elements, of which load(row, i) gives a vector, padded at the end, into the phases of each.
template <class F>
TILESTACK_INLINE void split_rows(std::int64_t rows, std::int64_t n, const Phases& p, float* phases, F&& load) {
  for (std::int64_t row = 0; row < rows; ++row) {
    float* to = phases + row * p.size() + p.lead;
    for (std::int64_t i = 0; i < n; i += 2 * kLine) {
      const VecF a = load(row, i), b = load(row, i + kLine);
      if (p.stride == 1) {
        store(to + i, a);
        store(to + i + kLine, b);
      } else if (p.stride == 2) {
        store(to + i / 2, every_second<false>(a, b, kLineLanes));
        store(to + i / 2 + p.length, every_second<true>(a, b, kLineLanes));
      } else {
        float line[2 * kLine];
        store(line, a);
        store(line + kLine, b);
        for (std::int64_t k = 0; k < 2 * kLine && i + k < n; ++k) {
          const std::int64_t step = (i + k) / p.stride;
          to[(i + k - step * p.stride) * p.length + step] = line[k];
        }
      }
    }
  }
}

// Planes cut into pieces, so that a few large ones keep all threads busy, and pieces into blocks of `high` rows, which
// are worked on together.
struct RowBlocks {
  std::int64_t planes, rows, high, pieces, grain = 1;  // pieces: of each plane; grain: so many are handed out at once

  // elements: of a plane; bytes: what each of its rows needs beside it.
  RowBlocks(std::int64_t planes, std::int64_t rows, std::int64_t elements, std::int64_t bytes)
      : planes(planes), rows(rows), high(16384 / bytes), pieces(elements / kElementGrain) {
    if (high < 4) high = 4;
    if (high > rows) high = rows;
    if (pieces > rows / high) pieces = rows / high;
    if (pieces < 1) pieces = 1;
    if (elements < kElementGrain) grain = kElementGrain / elements;
  }
  // work(first piece, end) on each thread.
  template <class F>
  TILESTACK_INLINE void parallel(F&& work) const {
    parallel_for(planes * pieces, grain, work);
  }
  // block(plane, first row, end) for all of some pieces.
  template <class F>
  TILESTACK_INLINE void for_blocks(std::int64_t piece, std::int64_t last, F&& block) const {
    for (; piece < last; ++piece) {
      const std::int64_t part = piece % pieces, end = (part + 1) * rows / pieces;
      for (std::int64_t row = part * rows / pieces; row < end; row += high)
        block(piece / pieces, row, row + high < end ? row + high : end);
    }
  }
};

// Windows and the rows that they read, which lie split in `phases`, padded rows first.
struct PlaneWindows {
  const PoolAxis &h, &w;
  std::int64_t reach;  // rows that one window spans
  Phases phases;
  Scratch<std::int64_t> offset;     // of each tap of a row's windows: that of window o lies at offset + o
  Scratch<std::int32_t> first_tap;  // of each of a row's windows: the first in the row

  TILESTACK_ONCE PlaneWindows(const PoolAxis& h, const PoolAxis& w, const Window2d& window)
      : h(h),
        w(w),
        reach((h.taps - 1) * h.dilation + 1),
        phases(window.stride[1], w.in, -floor_div(-window.padding[1], window.stride[1]),
               w.out + floor_div((w.taps - 1) * w.dilation - window.padding[1], window.stride[1])),
        offset(w.taps),
        first_tap(whole_lines(w.out)) {
    for (std::int64_t s = 0; s < w.taps; ++s) offset[s] = phases.place(s * w.dilation - window.padding[1]);
    for (std::int64_t o = 0; o < w.out; ++o) first_tap[o] = w.inside[o].begin;
  }
  // Rows of x that windows begin to end - 1 read.
  Span rows_of(std::int64_t begin, std::int64_t end) const {
    const std::int64_t top = h.start[begin], bottom = h.start[end - 1] + reach;
    return {std::int32_t(top > 0 ? top : 0), std::int32_t(bottom < h.in ? bottom : h.in)};
  }
};

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

// Sums of columns of windows begin to end - 1 into phases.
[[gnu::noinline]] void split_sums(const PlaneWindows& p, const float* plane, std::int64_t begin, std::int64_t end,
                                  float* phases) {
  const std::int64_t n = p.w.in;
  split_rows(end - begin, n, p.phases, phases, [&](std::int64_t row, std::int64_t i) {
    const Span inside = p.h.inside[begin + row];
    const float* top = plane + p.h.start[begin + row] * n + i;
    VecF sum{};
    for (std::int64_t r = inside.begin; r < inside.end; ++r) sum += load_padded(top + r * n, n - i, 0);
    return sum;
  });
}

// Windows begin to end - 1 from sums of their columns, which lie in rows: those times scale_h and scale_w.
[[gnu::noinline]] void sum_windows(const PlaneWindows& p, const float* rows, std::int64_t begin, std::int64_t end,
                                   const float* scale_h, const float* scale_w, float* y) {
  for (std::int64_t oh = begin; oh < end; ++oh, rows += p.phases.size(), y += p.w.out)
    for (std::int64_t o = 0; o < p.w.out; o += kLine) {
      VecF sum{};
      for (std::int64_t s = 0; s < p.w.taps; ++s) sum += load(rows + p.offset[s] + o);
      store_upto(y + o, sum * (scale_h[oh] * load_padded(scale_w + o, p.w.out - o, 0)), p.w.out - o);
    }
}

void average_planes_forward(const float* x, float* y, std::int64_t planes, const PoolAxis& h, const PoolAxis& w,
                            const Window2d& window, const float* scale_h, const float* scale_w) {
  const PlaneWindows windows(h, w, window);
  const std::int64_t size = windows.phases.size();
  const RowBlocks blocks(planes, h.out, h.in * w.in, size * std::int64_t(sizeof(float)));
  blocks.parallel([&](std::int64_t piece, std::int64_t last) {
    const Scratch<float> rows(blocks.high * size);
    fill_floats(rows, blocks.high * size, 0);
    blocks.for_blocks(piece, last, [&](std::int64_t plane, std::int64_t begin, std::int64_t end) {
      split_sums(windows, x + plane * h.in * w.in, begin, end, rows);
      sum_windows(windows, rows, begin, end, scale_h, scale_w, y + (plane * h.out + begin) * w.out);
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

// ---- The mean's gradient: each position gathers from the windows that hold it. The positions of a phase have the same
// taps.

// Rows of dy, of which the first element is at `lead`, and which of them lie where: tap s reads positions of phase[s],
// the one of index i in the window at shift[s] + i of such a row.
struct PlaneGradients {
  const PoolAxis &h, &w;
  std::int64_t stride, padding, lead, size;  // size: of a row of dy
  Scratch<std::int64_t> phase, shift;

  TILESTACK_ONCE PlaneGradients(const PoolAxis& h, const PoolAxis& w, const Window2d& window)
      : h(h),
        w(w),
        stride(window.stride[1]),
        padding(window.padding[1]),
        lead(whole_lines((w.taps - 1) * w.dilation / stride + 1)),
        phase(w.taps),
        shift(w.taps) {
    const std::int64_t positions = (w.in + stride - 1) / stride;
    size = lead + whole_lines((w.out > positions ? w.out : positions) + w.taps) + kLine;
    for (std::int64_t s = 0; s < w.taps; ++s) {
      const std::int64_t at = s * w.dilation - window.padding[1], step = floor_div(at, stride);
      phase[s] = at - step * stride;
      shift[s] = lead - step;
    }
  }
};

// Positions i ... of each phase of a row of dx, N vectors of them, of which `left` elements may be written: the next
// row writes over what is beyond its end. rows: those of dy that are over it. Template arguments: those of the width;
// odd: the padding is. If the stride is 2, two taps read the same window.
template <int taps, int stride, bool odd, int N>
TILESTACK_INLINE void gather_block(const PlaneGradients& p, const float* const* rows, const float* const* last,
                                   std::int64_t i, float* dx, std::int64_t left) {
  constexpr int shift = stride == 2 && odd, windows = (taps - 1 + shift) / stride + 1;
  VecF sums[N][stride] = {};
  for (; rows < last; ++rows)
#pragma GCC unroll 4
    for (int k = windows - 1; k >= 0; --k)
#pragma GCC unroll 4
      for (int n = 0; n < N; ++n) {
        const VecF g = load(*rows + p.shift[0] - k + i + n * kLine);
#pragma GCC unroll 2
        for (int s = k * stride + stride - 1 - shift; s >= k * stride - shift; --s)
          if (0 <= s && s < taps) sums[n][(s + shift) % stride] += g;
      }
#pragma GCC unroll 4
  for (int n = 0; n < N; ++n, dx += stride * kLine, left -= stride * kLine) {
    if constexpr (stride == 1) {
      store_upto(dx, sums[n][0], left);
    } else {
      store_upto(dx, in_turn<false>(sums[n][0], sums[n][1], kLineLanes), left);
      if (left > kLine) store_upto(dx + kLine, in_turn<true>(sums[n][0], sums[n][1], kLineLanes), left - kLine);
    }
  }
}

template <int taps, int stride, bool odd>
void gather_row(const PlaneGradients& p, const float* const* rows, const float* const* last, float* dx,
                std::int64_t left) {
  std::int64_t i = 0;
  for (; (i + kLine) * stride < p.w.in; i += 2 * kLine)
    gather_block<taps, stride, odd, 2>(p, rows, last, i, dx + i * stride, left - i * stride);
  if (i * stride < p.w.in) gather_block<taps, stride, odd, 1>(p, rows, last, i, dx + i * stride, left - i * stride);
}

void gather_any_row(const PlaneGradients& p, const float* const* rows, const float* const* last, float* dx,
                    std::int64_t) {
  for (std::int64_t phase = 0; phase < p.stride; ++phase)
    for (std::int64_t i = 0; i * p.stride + phase < p.w.in; i += kLine) {
      VecF sum{};
      for (const float* const* row = rows; row < last; ++row)
        for (std::int64_t s = p.w.taps - 1; s >= 0; --s)
          if (p.phase[s] == phase) sum += load(*row + p.shift[s] + i);
      for (std::int64_t k = 0, at = i * p.stride + phase; k < kLine && at < p.w.in; ++k, at += p.stride)
        dx[at] = sum[k];
    }
}

// Rows begin to end - 1 of dx, which are contiguous. dy: where row 0 would be; rows: room for all that are over a row.
[[gnu::noinline]] void gather_windows(const PlaneGradients& p, const float* dy, const float** rows, std::int64_t begin,
                                      std::int64_t end, float* dx) {
  const std::int64_t form = p.w.taps * 100 + p.stride * 10 + p.padding % 2;
  const auto run = form == 220       ? gather_row<2, 2, false>
                   : form == 320     ? gather_row<3, 2, false>
                   : form == 321     ? gather_row<3, 2, true>
                   : form / 10 == 31 ? gather_row<3, 1, true>
                                     : gather_any_row;
  for (std::int64_t ih = begin; ih < end; ++ih, dx += p.w.in) {
    const Span over = p.h.over[ih], before = p.h.over[ih > begin ? ih - 1 : ih];
    if (ih > begin && over.begin == before.begin && over.end == before.end) {
      __builtin_memcpy(dx, dx - p.w.in, std::size_t(p.w.in) * sizeof *dx);
      continue;
    }
    const float** last = rows;
    for (std::int64_t oh = over.begin; oh < over.end; ++oh) *last++ = dy + oh * p.size;
    run(p, rows, last, dx, (end - ih) * p.w.in);
  }
}

void average_planes_backward(const float* dy, float* dx, std::int64_t planes, const PoolAxis& h, const PoolAxis& w,
                             const Window2d& window, const float* scale_h, const float* scale_w) {
  const PlaneGradients gradients(h, w, window);
  const std::int64_t size = gradients.size, stride = window.stride[0];
  const RowBlocks blocks(planes, h.in, h.in * w.in, size * std::int64_t(sizeof(float)));
  blocks.parallel([&](std::int64_t piece, std::int64_t last) {
    const std::int64_t held = ((blocks.high + h.taps - 1) / stride + 1) * size;
    const Scratch<float> scaled(held);
    const Scratch<const float*> rows((h.taps - 1) / stride + 1);
    fill_floats(scaled, held, 0);
    blocks.for_blocks(piece, last, [&](std::int64_t plane, std::int64_t begin, std::int64_t end) {
      const std::int64_t first = h.over[begin].begin;
      for (std::int64_t oh = first; oh < h.over[end - 1].end; ++oh) {
        const float* from = dy + (plane * h.out + oh) * w.out;
        float* to = scaled + (oh - first) * size + gradients.lead;
        for_vectors<float>(w.out, [&](std::int64_t i, auto part) {
          store(to + i, part.load(from + i) * (scale_h[oh] * part.load(scale_w + i)));
        });
      }
      gather_windows(gradients, scaled - first * size, rows, begin, end, dx + (plane * h.in + begin) * w.in);
    });
  });
}

}  // namespace
}  // namespace tilestack::TILESTACK_ISA

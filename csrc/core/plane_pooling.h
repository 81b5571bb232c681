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

}  // namespace
}  // namespace tilestack::TILESTACK_ISA

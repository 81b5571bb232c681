#pragma once
// Means of windows over planes, and their gradient.
#include "core/plane_pooling.h"

namespace tilestack::TILESTACK_ISA {
namespace {

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

// The low or the high halves of a and b, lane by lane in turn.
template <bool high, std::size_t... j>
TILESTACK_INLINE VecF in_turn(VecF a, VecF b, std::index_sequence<j...>) {
  return __builtin_shufflevector(a, b, (int(j / 2) + int(j % 2 * kLine) + (high ? int(kLine / 2) : 0))...);
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

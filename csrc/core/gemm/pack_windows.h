#pragma once
// Panels of the matrix of windows (gemm.h) and of its transpose, straight from the images.
#include "core/gemm/pack.h"

namespace tilestack::TILESTACK_ISA {
namespace {

// Walks the windows in order.
template <class S>
struct WindowCursor {
  const Windows& w;
  const S* data;
  std::int64_t image, i, j;

  TILESTACK_INLINE WindowCursor(const Windows& w, const void* data, std::int64_t index)
      : w(w),
        data(static_cast<const S*>(data)),
        image(index / (w.rows * w.cols)),
        i(index / w.cols % w.rows),
        j(index % w.cols) {}
  TILESTACK_INLINE void advance(std::int64_t steps) {  // within a row of windows
    j += steps;
    if (j < w.cols) return;
    j = 0;
    if (++i < w.rows) return;
    i = 0;
    ++image;
  }
  TILESTACK_INLINE std::int64_t y() const { return w.first_y + i * w.step_y; }
  TILESTACK_INLINE std::int64_t x() const { return w.first_x + j * w.step_x; }
  TILESTACK_INLINE const S* origin() const {
    return data + image * w.image_stride + y() * w.row_stride + x() * w.pixel_stride;
  }
};

TILESTACK_INLINE bool inside(const Windows& w, std::int64_t y, std::int64_t x) {
  return std::uint64_t(y) < std::uint64_t(w.height) && std::uint64_t(x) < std::uint64_t(w.width);
}

// Columns of the matrix that lie together in memory: the channels of one tap, or of a whole row of taps where these
// adjoin.
struct Run {
  std::int64_t dy, dx, offset, length;  // pixels and elements from the window's origin
};
TILESTACK_INLINE Run run_at(const Windows& w, bool joined, std::int64_t column, std::int64_t limit) {
  const std::int64_t length = joined ? w.taps_wide * w.channels : w.channels, per_row = joined ? 1 : w.taps_wide;
  const std::int64_t run = column / length, start = column % length;
  const std::int64_t dy = run / per_row * w.tap_y, dx = run % per_row * w.tap_x;
  return {dy, dx, dy * w.row_stride + dx * w.pixel_stride + start, length - start < limit ? length - start : limit};
}
TILESTACK_INLINE bool taps_join(const Windows& w) {
  return w.pixel_stride == w.channels && w.tap_x == 1 && w.all_inside();
}

template <int W, class S>
void pack_windows(const GemmOperand& operand, Compute<S>* panel, PackRange r) {
  const Windows& w = *operand.windows;
  const bool joined = taps_join(w);
  for (std::int64_t p = 0; p < r.count; p += r.height, panel += r.panel_size) {
    const std::int64_t height = r.height_at(p);
    const S* origin[W];
    std::int64_t y[W], x[W];
    WindowCursor<S> cursor(w, operand.data, r.first + p);
    for (int j = 0; j < W; ++j) {
      const bool exists = j < height;
      origin[j] = exists ? cursor.origin() : nullptr;
      y[j] = exists ? cursor.y() : -(std::int64_t(1) << 40);
      x[j] = cursor.x();
      cursor.advance(1);
    }
    for (std::int64_t k = r.k0; k < r.k1;) {
      const Run run = run_at(w, joined, k, r.k1 - k);
      const S* rows[W];
      for (int j = 0; j < W; ++j)
        rows[j] = inside(w, y[j] + run.dy, x[j] + run.dx) ? origin[j] + run.offset : reinterpret_cast<const S*>(kZeros);
      pack_rows<W>(panel + (k - r.k0) * W, rows, run.length);
      k += run.length;
    }
  }
}

template <int W, class S>
void pack_windows_transposed(const GemmOperand& operand, Compute<S>* panel, PackRange r) {
  const Windows& w = *operand.windows;
  const bool joined = taps_join(w), check = !w.all_inside();
  for (std::int64_t p = 0; p < r.count; p += r.height, panel += r.panel_size) {
    Run runs[W];
    int n = 0;
    const std::int64_t end = r.height_at(p);
    for (std::int64_t at = 0; at < end; at += runs[n++].length) runs[n] = run_at(w, joined, r.first + p + at, end - at);
    WindowCursor<S> cursor(w, operand.data, r.k0);
    Compute<S>* to = panel;
    for (std::int64_t k = r.k0; k < r.k1; ++k, to += W, cursor.advance(1)) {
      const S* origin = cursor.origin();
      std::int64_t at = 0;
      for (int i = 0; i < n; at += runs[i++].length) {
        const bool hit = !check || inside(w, cursor.y() + runs[i].dy, cursor.x() + runs[i].dx);
        copy_run(to + at, hit ? origin + runs[i].offset : reinterpret_cast<const S*>(kZeros), runs[i].length);
      }
    }
  }
}

// Windows as rows, each tap's channels a run of memory.
template <class S>
void copy_window_rows(const GemmOperand& operand, Compute<S>* panels, PackRange r) {
  const Windows& w = *operand.windows;
  const bool joined = taps_join(w), check = !w.all_inside();
  WindowCursor<S> cursor(w, operand.data, r.first);
  for (std::int64_t i = 0; i < r.count; ++i, cursor.advance(1)) {
    Compute<S>* to = packed_row(panels, r, i);
    const S* origin = cursor.origin();
    for (std::int64_t k = r.k0; k < r.k1;) {
      const Run run = run_at(w, joined, k, r.k1 - k);
      const bool hit = !check || inside(w, cursor.y() + run.dy, cursor.x() + run.dx);
      copy_run(to, hit ? origin + run.offset : reinterpret_cast<const S*>(kZeros), run.length);
      to += run.length;
      k += run.length;
    }
  }
}

// Whether the operand's depth is contiguous, at least in runs.
TILESTACK_INLINE bool has_rows(const GemmOperand& x) { return x.windows ? !x.transposed : x.depth_stride == 1; }

template <class S>
void copy_rows(const GemmOperand& x, Compute<S>* panels, PackRange r) {
  if (!x.windows) return copy_matrix_rows<S>(x, panels, r);
  copy_window_rows<S>(x, panels, r);
}

// Without kTransposes, operands whose depth is contiguous must be packed as they are.
template <int W, bool kTransposes, class S>
void pack(const GemmOperand& x, Compute<S>* panels, PackRange r) {
  if (r.row_step > 0) return copy_rows<S>(x, panels, r);
  if (!x.windows) return pack_matrix<W, kTransposes, S>(x, panels, r);
  if constexpr (kTransposes)
    if (!x.transposed) return pack_windows<W, S>(x, panels, r);
  pack_windows_transposed<W, S>(x, panels, r);
}

// T: the type of the product; the operand's own is converted.
template <int W, bool kTransposes, class T>
void pack_operand(const GemmOperand& x, T* panels, PackRange r) {
  if constexpr (sizeof(T) == 8) {
    pack<W, kTransposes, double>(x, panels, r);
  } else {
    switch (x.dtype) {
      case DType::bfloat16:
        return pack<W, kTransposes, bfloat16>(x, panels, r);
      case DType::float16:
        return pack<W, kTransposes, float16>(x, panels, r);
      default:
        return pack<W, kTransposes, float>(x, panels, r);
    }
  }
}

}  // namespace
}  // namespace tilestack::TILESTACK_ISA

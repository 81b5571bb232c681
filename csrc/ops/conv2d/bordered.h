#pragma once
#include "core/gemm/gemm.h"
#include "core/gemm/gradient.h"

namespace tilestack::TILESTACK_ISA {
namespace {

// Where windows of few channels reach beyond the image, a copy with a border of zeros: its rows of taps are contiguous.
template <class S>
struct Bordered {
  Windows windows;
  std::int64_t low_y = 0, low_x = 0;
  bool copied;
  Scratch<S> memory;
  const S* data;

  Bordered(const Windows& w, const S* image, std::int64_t batch)
      : windows(w),
        copied(!w.all_inside() && w.channels < 32 && w.pixel_stride == w.channels && w.tap_x == 1 && w.taps_wide > 1),
        memory(copied ? grow() * batch : 1),
        data(copied ? memory.data : image) {
    if (!copied) return;
    const std::int64_t line = windows.row_stride, used = w.width * w.channels, before = low_x * w.channels;
    parallel_rows(batch * windows.height, line, [&](std::int64_t row) {
      const std::int64_t y = row % windows.height - low_y;
      S* to = memory + row * line;
      const bool inside = y >= 0 && y < w.height;
      __builtin_memset(static_cast<void*>(to), 0, std::size_t(inside ? before : line) * sizeof(S));
      if (!inside) return;
      const S* from = image + row / windows.height * w.image_stride + y * w.row_stride;
      __builtin_memcpy(to + before, from, std::size_t(used) * sizeof(S));
      __builtin_memset(static_cast<void*>(to + before + used), 0, std::size_t(line - before - used) * sizeof(S));
    });
  }

 private:
  std::int64_t grow() {
    const auto beyond = [](std::int64_t last, std::int64_t size) { return last >= size ? last - size + 1 : 0; };
    const std::int64_t high_y = beyond(windows.last_y(), windows.height),
                       high_x = beyond(windows.last_x(), windows.width);
    low_y = windows.first_y < 0 ? -windows.first_y : 0;
    low_x = windows.first_x < 0 ? -windows.first_x : 0;
    windows.first_y += low_y;
    windows.first_x += low_x;
    windows.height += low_y + high_y;
    windows.width += low_x + high_x;
    windows.row_stride = windows.width * windows.channels;
    return windows.image_stride = windows.height * windows.row_stride;
  }
};

}  // namespace
}  // namespace tilestack::TILESTACK_ISA

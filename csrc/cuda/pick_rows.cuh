#pragma once
// y[o, i, k] = x[o, pick(i), k], whole rows k in 16-byte vectors where memory allows.
#include "cuda/places.cuh"

namespace tilestack::gpu {

constexpr int kPickThreads = 256;

struct PickShape {
  Places outer, inner;  // of x
  FastDiv by_inner, by_n;
  std::uint32_t units;  // vectors of y
};

// pick(i): where row i is in x, in elements from x; negative: nowhere, and y gets zeros.
template <int kWidth, class T, class Pick>
__global__ void pick_rows_kernel(const T* x, T* y, Pick pick, PickShape shape) {
  for (std::int64_t unit = global_thread(); unit < shape.units; unit += global_threads()) {
    std::uint32_t o = std::uint32_t(unit);
    const std::uint32_t k = shape.by_inner.split(o), i = shape.by_n.split(o);
    const std::int64_t picked = pick(i);
    Pack<T, kWidth> row{};
    if (picked >= 0) row = load<kWidth>(x + shape.outer.at(o) + picked + shape.inner.at(k));
    store(y + unit * kWidth, row);
  }
}

template <int kWidth, class T, class Pick>
void pick_rows_in(const char* op, const View& x, const View& y, const Pick& pick, std::int64_t n, const Places& outer,
                  Places inner) {
  inner.set_width(kWidth);
  const std::int64_t vectors = inner.numel(), units = outer.numel() * n * vectors;
  if (units == 0) return;
  const PickShape shape{outer, inner, FastDiv(vectors), FastDiv(n), counted(op, units)};
  launch(pick_rows_kernel<kWidth, T, Pick>, {blocks_for(units, kPickThreads), kPickThreads}, x.data<T>(), y.data<T>(),
         pick, shape);
}

// x: the dimensions that are not picked from; o counts the first `before` of them. All that pick gives is a multiple
// of `step`.
template <class Pick>
void pick_rows(const char* op, const View& x, int before, const View& y, const Pick& pick, std::int64_t n,
               std::int64_t step) {
  const Places outer(x, 0, before), inner(x, before, x.ndim);
  visit_size(x.dtype, [&]<class T>() {
    constexpr int kWidth = kPack<T>;
    const bool vectors = inner.in_vectors(kWidth) && outer.divides(kWidth) && step % kWidth == 0 &&
                         is_aligned(x.pointer, 16) && is_aligned(y.pointer, 16);
    vectors ? pick_rows_in<kWidth, T>(op, x, y, pick, n, outer, inner)
            : pick_rows_in<1, T>(op, x, y, pick, n, outer, inner);
  });
}

}  // namespace tilestack::gpu

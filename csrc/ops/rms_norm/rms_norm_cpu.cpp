#include <cmath>

#include "core/rows.h"
#include "ops/rms_norm/rms_norm.h"

namespace tilestack::TILESTACK_ISA {
namespace {

template <class T>
void forward_row(const T* x, const T* w, T* y, Compute<T>* r, std::int64_t cols, double eps) {
  const auto squares = sum_row<T>(cols, [&](std::int64_t i, auto part) {
    const auto v = part.load(x + i);
    return v * v;
  });
  const auto scale = 1 / std::sqrt(squares / Compute<T>(cols) + Compute<T>(eps));
  for_vectors<T>(cols, [&](std::int64_t i, auto part) {
    const auto h = part.load(x + i) * scale;
    part.store(y + i, w ? h * part.load(w + i) : h);
  });
  *r = scale;
}

void forward(View x, View w, View y, View r, double eps) {
  visit_float(x.dtype, [&]<class T>() {
    parallel_rows(x.rows(), x.cols(), [&](std::int64_t row) {
      forward_row(x.row<T>(row), w.data<T>(), y.row<T>(row), r.data<Compute<T>>() + row, x.cols(), eps);
    });
  });
}

// With h = x r:   dx = r (w dy - h mean(h w dy)),   dw = sum over rows of h dy, added to `dw` here.
template <class T>
void backward_row(const T* x, const T* w, Compute<T> r, const T* dy, T* dx, Compute<T>* dw, std::int64_t cols) {
  using V = Vec<Compute<T>>;
  const auto product = sum_row<T>(cols, [&](std::int64_t i, auto part) -> V {
    const V xdy = part.load(x + i) * part.load(dy + i);
    return w ? xdy * part.load(w + i) : xdy;
  });
  const auto slope = product / Compute<T>(cols) * r * r * r;
  for_vectors<T>(cols, [&](std::int64_t i, auto part) {
    const V v = part.load(x + i), g = part.load(dy + i) * r;
    if (dx) part.store(dx + i, (w ? g * part.load(w + i) : g) - v * slope);
    if (dw) part.store(dw + i, part.load(dw + i) + v * g);
  });
}

void backward(View x, View w, View r, View dy, View dx, View dw) {
  const std::int64_t rows = x.rows(), cols = x.cols(), grain = rows_per_partial(rows, cols);
  const std::int64_t chunks = (rows + grain - 1) / grain;
  visit_float(x.dtype, [&]<class T>() {
    const Scratch<Compute<T>> partials(dw.defined() ? chunks * cols : 0);
    parallel_for(rows, grain, [&](std::int64_t begin, std::int64_t end) {
      Compute<T>* sums = dw.defined() ? partials + begin / grain * cols : nullptr;
      if (sums) __builtin_memset(sums, 0, std::size_t(cols) * sizeof *sums);
      for (std::int64_t row = begin; row < end; ++row)
        backward_row(x.row<T>(row), w.data<T>(), r.data<Compute<T>>()[row], dy.row<T>(row),
                     dx.defined() ? dx.row<T>(row) : nullptr, sums, cols);
    });
    if (dw.defined()) sum_partials(partials.data, chunks, cols, dw.data<T>(), cols);
  });
}

}  // namespace
constinit const RmsNormKernels rms_norm = {forward, backward};
}  // namespace tilestack::TILESTACK_ISA

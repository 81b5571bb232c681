#include "ops/layer_norm/layer_norm.h"

#include "core/row_moments.h"

namespace tilestack::TILESTACK_ISA {
namespace {

template <class T>
void forward_row(const T* x, const T* w, const T* b, T* y, Compute<T>* mean, Compute<T>* r, std::int64_t cols,
                 double eps) {
  using V = Vec<Compute<T>>;
  const auto moments = row_moments(x, cols, eps);
  const Compute<T> center = moments.mean, scale = moments.r;
  for_vectors<T>(cols, [&](std::int64_t i, auto part) {
    V h = (part.load(x + i) - center) * scale;
    if (w) h *= part.load(w + i);
    if (b) h += part.load(b + i);
    part.store(y + i, h);
  });
  *mean = center;
  *r = scale;
}

void forward(View x, View w, View b, View y, View mean, View r, double eps) {
  visit_float(x.dtype, [&]<class T>() {
    parallel_rows(x.rows(), x.cols(), [&](std::int64_t row) {
      forward_row(x.row<T>(row), w.data<T>(), b.data<T>(), y.row<T>(row), mean.data<Compute<T>>() + row,
                  r.data<Compute<T>>() + row, x.cols(), eps);
    });
  });
}

// With h = (x - mean) r:   dx = r (w dy - mean(w dy) - h mean(h w dy)),   dw = sum over rows of h dy,   db = of dy.
// dw and db are added to here.
template <class T>
void backward_row(const T* x, const T* w, Compute<T> mean, Compute<T> r, const T* dy, T* dx, Compute<T>* dw,
                  Compute<T>* db, std::int64_t cols) {
  using V = Vec<Compute<T>>;
  const auto sums = sum_row<T>(cols, [&](std::int64_t i, auto part) {
    const V g = w ? part.load(dy + i) * part.load(w + i) : part.load(dy + i);
    return Pair<V>{g, g * (part.load(x + i) - mean)};
  });
  const auto level = sums.first / Compute<T>(cols), slope = sums.second / Compute<T>(cols) * r * r;
  for_vectors<T>(cols, [&](std::int64_t i, auto part) {
    const V d = part.load(x + i) - mean, g = part.load(dy + i);
    if (dx) part.store(dx + i, ((w ? g * part.load(w + i) : g) - level - d * slope) * r);
    if (dw) part.store(dw + i, part.load(dw + i) + d * r * g);
    if (db) part.store(db + i, part.load(db + i) + g);
  });
}

void backward(View x, View w, View mean, View r, View dy, View dx, View dw, View db) {
  const std::int64_t rows = x.rows(), cols = x.cols(), grain = rows_per_partial(rows, cols);
  const std::int64_t chunks = (rows + grain - 1) / grain;
  visit_float(x.dtype, [&]<class T>() {
    const Scratch<Compute<T>> partials(2 * chunks * cols);  // dw and db of each chunk
    parallel_for(rows, grain, [&](std::int64_t begin, std::int64_t end) {
      Compute<T>* sums = partials + begin / grain * 2 * cols;
      __builtin_memset(sums, 0, std::size_t(2 * cols) * sizeof *sums);
      for (std::int64_t row = begin; row < end; ++row)
        backward_row(x.row<T>(row), w.data<T>(), mean.data<Compute<T>>()[row], r.data<Compute<T>>()[row],
                     dy.row<T>(row), dx.defined() ? dx.row<T>(row) : nullptr, dw.defined() ? sums : nullptr,
                     db.defined() ? sums + cols : nullptr, cols);
    });
    if (dw.defined()) sum_partials(partials.data, chunks, 2 * cols, dw.data<T>(), cols);
    if (db.defined()) sum_partials(partials.data + cols, chunks, 2 * cols, db.data<T>(), cols);
  });
}

}  // namespace
constinit const LayerNormKernels layer_norm = {forward, backward};
}  // namespace tilestack::TILESTACK_ISA

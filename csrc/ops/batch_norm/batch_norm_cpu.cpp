#include "core/once.h"
#include "ops/batch_norm/batch_norm.h"
#include "ops/batch_norm/planes.h"

namespace tilestack::TILESTACK_ISA {
namespace {

// x as rows wide enough for full vectors: `fold` rows of few channels lie side by side in one.
struct Layout {
  std::int64_t channels, fold = 1, rows, cols, grain, chunks;

  explicit Layout(const View& x) : channels(x.cols()), rows(x.rows()) {
    while (rows > 0 && channels > 0 && channels * fold < 64 && rows % (2 * fold) == 0) fold *= 2;
    rows /= fold;
    cols = channels * fold;
    grain = cols > 0 ? kElementGrain / cols : 1;
    if (grain < 16) grain = 16;
    chunks = (rows + grain - 1) / grain;
  }
  std::int64_t rows_in(std::int64_t chunk) const { return chunk + 1 < chunks ? grain : rows - chunk * grain; }
};

template <class T>
TILESTACK_INLINE void add_to(T* sums, std::int64_t, Vec<T> v, auto part) {
  part.store(sums, part.load(sums) + v);
}
template <class T>
TILESTACK_INLINE void add_to(T* sums, std::int64_t cols, Pair<Vec<T>> v, auto part) {
  part.store(sums, part.load(sums) + v.first);
  part.store(sums + cols, part.load(sums + cols) + v.second);
}

// sums[i] = sum of term(offset, i, part) over rows, where offset = row * cols + i; a Pair's second sums lie cols
// further.
template <class T, class F>
TILESTACK_INLINE void sum_columns(std::int64_t rows, std::int64_t cols, Compute<T>* sums, F&& term) {
  using Term = decltype(term(cols, cols, WholeVector{}));
  __builtin_memset(sums, 0, std::size_t(cols) * sizeof(Term) / sizeof(Vec<Compute<T>>) * sizeof *sums);
  std::int64_t row = 0;
  for (; cols < 256 && row + 4 <= rows; row += 4)  // wide rows are read one after another, as the prefetcher likes
    for_vectors<T>(cols, [&](std::int64_t i, auto part) {
      const std::int64_t offset = row * cols + i;
      add_to(sums + i, cols,
             (term(offset, i, part) + term(offset + cols, i, part)) +
                 (term(offset + 2 * cols, i, part) + term(offset + 3 * cols, i, part)),
             part);
    });
  for (; row < rows; ++row)
    for_vectors<T>(cols,
                   [&](std::int64_t i, auto part) { add_to(sums + i, cols, term(row * cols + i, i, part), part); });
}

// f(at, channel, rows) for each partial result of each channel: where it is and how many rows it stands for. Those of a
// channel come in order of its rows' chunks.
template <class F>
TILESTACK_INLINE void for_partials(const Layout& layout, F&& f) {
  for (std::int64_t chunk = 0; chunk < layout.chunks; ++chunk)
    for (std::int64_t i = 0; i < layout.cols; i += layout.channels)
      for (std::int64_t c = 0; c < layout.channels; ++c) f(chunk * 2 * layout.cols + i + c, c, layout.rows_in(chunk));
}

// Of means and sums of squares about them of each chunk: those of all rows.
template <class C>
TILESTACK_ONCE void merge_moments(const Layout& layout, const C* partials, C* mean, C* variance) {
  const std::int64_t channels = layout.channels;
  const double total = layout.rows > 0 ? double(layout.rows * layout.fold) : 1;
  const Scratch<double> sums(2 * channels);
  double *centers = sums, *deviations = sums + channels;
  __builtin_memset(centers, 0, std::size_t(2 * channels) * sizeof(double));
  for_partials(layout,
               [&](std::int64_t at, std::int64_t c, std::int64_t n) { centers[c] += double(n) * partials[at]; });
  for (std::int64_t c = 0; c < channels; ++c) centers[c] /= total;
  for_partials(layout, [&](std::int64_t at, std::int64_t c, std::int64_t n) {
    const double d = partials[at] - centers[c];
    deviations[c] += partials[at + layout.cols] + double(n) * d * d;
  });
  for (std::int64_t c = 0; c < channels; ++c) {
    mean[c] = C(centers[c]);
    variance[c] = C(deviations[c] / total);
  }
}

template <class T>
void statistics_of(const Layout& layout, const T* x, Compute<T>* mean, Compute<T>* variance) {
  using V = Vec<Compute<T>>;
  const std::int64_t cols = layout.cols;
  const Scratch<Compute<T>> partials(2 * layout.chunks * cols);  // of each chunk: means, sums of squares about them
  parallel_for(layout.chunks, 1, [&](std::int64_t chunk, std::int64_t) {
    const T* in = x + chunk * layout.grain * cols;
    const std::int64_t rows = layout.rows_in(chunk);
    Compute<T>*means = partials + chunk * 2 * cols, *squares = means + cols;
    sum_columns<T>(rows, cols, means, [&](std::int64_t at, std::int64_t, auto part) { return part.load(in + at); });
    for (std::int64_t i = 0; i < cols; ++i) means[i] /= Compute<T>(rows);
    sum_columns<T>(rows, cols, squares, [&](std::int64_t at, std::int64_t i, auto part) {
      const V d = part.load(in + at) - part.load(means + i);
      return d * d;
    });
  });
  merge_moments(layout, partials.data, mean, variance);
}

void statistics(View x, View mean, View variance) {
  visit_float(x.dtype, [&]<class T>() {
    statistics_of(Layout(x), x.data<T>(), mean.data<Compute<T>>(), variance.data<Compute<T>>());
  });
}

double element(const View& x, std::int64_t i) {
  return x.dtype == DType::float64 ? x.data<double>()[i] : double(x.data<float>()[i]);
}

void update_running(View mean, View variance, View running_mean, View running_var, double momentum, double correction) {
  const auto blend = [&](const View& running, const View& fresh, double factor) {
    visit_float(running.dtype, [&]<class T>() {
      for (std::int64_t i = 0; i < fresh.numel(); ++i) {
        T& value = running.data<T>()[i * running.stride(0)];
        value = convert<T>(
            Compute<T>((1 - momentum) * double(convert<Compute<T>>(value)) + momentum * factor * element(fresh, i)));
      }
    });
  };
  if (running_mean.defined()) blend(running_mean, mean, 1);
  if (running_var.defined()) blend(running_var, variance, correction);
}

// What channels have, for each column of theirs. Here and below, loops that run once are kept out of line: inlined for
// every dtype they were most of this file's code.
template <class C>
TILESTACK_ONCE void repeat(const Layout& layout, C* columns) {
  for (std::int64_t i = layout.channels; i < layout.cols; ++i) columns[i] = columns[i - layout.channels];
}
// scales = r w
template <class T>
TILESTACK_ONCE void fill_scales(const Layout& layout, const Compute<T>* variance, const T* w, double eps,
                                Compute<T>* scales) {
  for (std::int64_t c = 0; c < layout.channels; ++c) {
    const Compute<T> r = inverse_deviation(variance[c], eps);
    scales[c] = w ? r * convert<Compute<T>>(w[c]) : r;
  }
  repeat(layout, scales);
}
template <class C>
TILESTACK_ONCE void fill_centers(const Layout& layout, const C* mean, C* centers) {
  __builtin_memcpy(centers, mean, std::size_t(layout.channels) * sizeof *mean);
  repeat(layout, centers);
}
template <class T>
TILESTACK_ONCE void fill_shifts(const Layout& layout, const T* b, Compute<T>* shifts) {
  for (std::int64_t c = 0; c < layout.channels; ++c) shifts[c] = b ? convert<Compute<T>>(b[c]) : Compute<T>(0);
  repeat(layout, shifts);
}

void normalize(View x, View mean, View variance, View w, View b, View y, double eps) {
  const Layout layout(x);
  const std::int64_t cols = layout.cols;
  visit_float(x.dtype, [&]<class T>() {
    using C = Compute<T>;
    const Scratch<C> columns(3 * cols);
    C *centers = columns, *scales = columns + cols, *shifts = columns + 2 * cols;
    const T* in = x.data<T>();
    T* out = y.data<T>();
    fill_centers(layout, mean.data<C>(), centers);
    fill_scales(layout, variance.data<C>(), w.data<T>(), eps, scales);
    fill_shifts(layout, b.data<T>(), shifts);
    parallel_rows(layout.rows, cols, [&](std::int64_t row) {
      for_vectors<T>(cols, [&](std::int64_t i, auto part) {
        const auto d = part.load(in + row * cols + i) - part.load(centers + i);
        part.store(out + row * cols + i, d * part.load(scales + i) + part.load(shifts + i));
      });
    });
  });
}

void forward(View x, View mean, View variance, View w, View b, View y, double eps, bool training) {
  if (x.ndim == 3) return forward_planes(x, mean, variance, w, b, y, eps, training);
  if (training) statistics(x, mean, variance);
  normalize(x, mean, variance, w, b, y, eps);
}

template <class C>
TILESTACK_ONCE void merge_sums(const Layout& layout, const C* partials, double* sums) {
  __builtin_memset(sums, 0, std::size_t(2 * layout.channels) * sizeof *sums);
  for_partials(layout, [&](std::int64_t at, std::int64_t c, std::int64_t) {
    sums[c] += partials[at];
    sums[layout.channels + c] += partials[at + layout.cols];
  });
}

// db = sum of dy,   dw = r * sum of (x - mean) dy.   sums: (2, channels), without the factor r.
template <class T>
void gradient_sums(const Layout& layout, const T* x, const T* dy, const Compute<T>* centers, double* sums) {
  using V = Vec<Compute<T>>;
  const std::int64_t cols = layout.cols;
  const Scratch<Compute<T>> partials(2 * layout.chunks * cols);
  parallel_for(layout.chunks, 1, [&](std::int64_t chunk, std::int64_t) {
    const std::int64_t first = chunk * layout.grain * cols;
    sum_columns<T>(layout.rows_in(chunk), cols, partials + chunk * 2 * cols,
                   [&](std::int64_t at, std::int64_t i, auto part) {
                     const V g = part.load(dy + first + at);
                     return Pair<V>{g, g * (part.load(x + first + at) - part.load(centers + i))};
                   });
  });
  merge_sums(layout, partials.data, sums);
}

// dx = w r (dy - level - (x - mean) slope), with level = mean(dy), slope = r^2 mean((x - mean) dy); both 0 in
// evaluation.
template <class T>
void input_gradient(const Layout& layout, const T* x, const T* dy, T* dx, const Compute<T>* centers,
                    const Compute<T>* scales, const Compute<T>* levels, const Compute<T>* slopes) {
  const std::int64_t cols = layout.cols;
  parallel_rows(layout.rows, cols, [&](std::int64_t row) {
    for_vectors<T>(cols, [&](std::int64_t i, auto part) {
      const std::int64_t at = row * cols + i;
      auto g = part.load(dy + at);
      if (levels) g -= part.load(levels + i) + (part.load(x + at) - part.load(centers + i)) * part.load(slopes + i);
      part.store(dx + at, g * part.load(scales + i));
    });
  });
}

// dw and db of sums, each of which may be null.
template <class T>
TILESTACK_ONCE void store_gradients(const Layout& layout, const double* sums, const Compute<T>* variance, double eps,
                                    T* dw, T* db) {
  using C = Compute<T>;
  for (std::int64_t c = 0; c < layout.channels; ++c) {
    if (dw) dw[c] = convert<T>(C(sums[layout.channels + c]) * inverse_deviation(variance[c], eps));
    if (db) db[c] = convert<T>(C(sums[c]));
  }
}
template <class C>
TILESTACK_ONCE void fill_levels(const Layout& layout, const double* sums, const C* variance, double eps, C* levels,
                                C* slopes) {
  const double positions = double(layout.rows * layout.fold);
  for (std::int64_t c = 0; c < layout.channels; ++c) {
    const C r = inverse_deviation(variance[c], eps);
    levels[c] = C(sums[c] / positions);
    slopes[c] = C(sums[layout.channels + c] / positions) * r * r;
  }
  repeat(layout, levels);
  repeat(layout, slopes);
}

void backward(View x, View mean, View variance, View w, View dy, View dx, View dw, View db, double eps, bool training) {
  if (x.ndim == 3) return backward_planes(x, mean, variance, w, dy, dx, dw, db, eps, training);
  const Layout layout(x);
  const std::int64_t cols = layout.cols;
  visit_float(x.dtype, [&]<class T>() {
    using C = Compute<T>;
    const Scratch<C> columns(4 * cols);
    const Scratch<double> sums(2 * layout.channels);
    C *centers = columns, *scales = columns + cols, *levels = columns + 2 * cols, *slopes = columns + 3 * cols;
    const C* spreads = variance.data<C>();
    fill_centers(layout, mean.data<C>(), centers);
    if (training || dw.defined() || db.defined()) gradient_sums(layout, x.data<T>(), dy.data<T>(), centers, sums.data);
    store_gradients(layout, sums.data, spreads, eps, dw.data<T>(), db.data<T>());
    if (!dx.defined()) return;
    fill_scales(layout, spreads, w.data<T>(), eps, scales);
    if (training) fill_levels(layout, sums.data, spreads, eps, levels, slopes);
    input_gradient(layout, x.data<T>(), dy.data<T>(), dx.data<T>(), centers, scales, training ? levels : nullptr,
                   slopes);
  });
}

}  // namespace
constinit const BatchNormKernels batch_norm = {forward, update_running, backward};
}  // namespace tilestack::TILESTACK_ISA

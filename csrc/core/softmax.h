#pragma once
// Softmax and its logarithm along the middle of (outer, n, inner), for kernel files.
#include "core/extremes.h"
#include "core/vec_math.h"

namespace tilestack::TILESTACK_ISA {
namespace {

// Rows are summed in float within pieces of this size.
constexpr std::int64_t kSoftmaxPiece = 4096;
constexpr std::int64_t kSoftmaxTile = 256;  // columns at once
constexpr std::int64_t kFourRows = 512;     // rows up to this length are taken four at a time

template <class T>
TILESTACK_INLINE Compute<T> row_max(const T* x, std::int64_t n) {
  return fold_lanes(row_lanes<Larger<Compute<T>>, Itself>(x, n, 0), [](auto a, auto b) { return maximum(a, b); });
}

// Calls f(begin, size) for the pieces of a row and adds up what it gives.
template <class F>
TILESTACK_INLINE double sum_pieces(std::int64_t n, F&& f) {
  double sum = 0;
  for (std::int64_t i = 0; i < n; i += kSoftmaxPiece) sum += double(f(i, least(n - i, kSoftmaxPiece)));
  return sum;
}

// exp(x - max) is kept between the passes: in y, or for 16-bit types beside it if the row is short; else computed
// again.
template <bool kLog, class T>
void softmax_row(const T* x, T* y, std::int64_t n) {
  using A = Compute<T>;
  constexpr bool kWide = sizeof(T) == sizeof(A);
  A beside[kWide || kLog ? 1 : kSoftmaxPiece];
  A* kept = beside;
  if constexpr (kWide) kept = y;
  const bool keep = !kLog && (kWide || n <= kSoftmaxPiece);
  const A max = row_max(x, n);
  const double sum = sum_pieces(n, [&](std::int64_t begin, std::int64_t size) {
    return sum_row<T>(size, [&](std::int64_t i, auto part) {
      const Vec<A> e = vexp(part.load(x + begin + i) - max);
      if (keep) part.store(kept + begin + i, e);
      return part.keep(e);
    });
  });
  const A scale = kLog ? A(__builtin_log(sum)) : A(1 / sum);
  for_vectors<T>(n, [&](std::int64_t i, auto part) {
    if constexpr (kLog) {
      part.store(y + i, part.load(x + i) - max - scale);
    } else {
      part.store(y + i, (keep ? part.load(kept + i) : vexp(part.load(x + i) - max)) * scale);
    }
  });
}

// Four rows of one piece each side by side: alone, a short row would be a chain of steps that wait for each other.
template <bool kLog, class T>
void softmax_four_rows(const T* x, T* y, std::int64_t n) {
  using A = Compute<T>;
  A beside[sizeof(T) == sizeof(A) || kLog ? 1 : 4 * kFourRows];
  A max[4], sum[4];
  reduce_rows_of<Larger<A>, Itself, T>(x, n, 4, n, {}, max);
  Vec<A> lanes[4];
  const auto kept = [&](int r) {
    if constexpr (sizeof(T) == sizeof(A)) {
      return y + r * n;
    } else {
      return beside + r * n;
    }
  };
  for (int r = 0; r < 4; ++r)
    lanes[r] = sum_vectors<T>(n, [&](std::int64_t i, auto part) {
      const Vec<A> e = vexp(part.load(x + r * n + i) - max[r]);
      if constexpr (!kLog) part.store(kept(r) + i, e);
      return part.keep(e);
    });
  for (int r = 0; r < 4; ++r) {
    sum[r] = sum_lanes(lanes[r]);
    sum[r] = kLog ? A(__builtin_log(double(sum[r]))) : A(1 / double(sum[r]));
  }
  for (int r = 0; r < 4; ++r)
    for_vectors<T>(n, [&](std::int64_t i, auto part) {
      part.store(y + r * n + i, kLog ? part.load(x + r * n + i) - max[r] - sum[r] : part.load(kept(r) + i) * sum[r]);
    });
}

// The same for `cols` columns that lie side by side; rows are `inner` elements apart.
template <bool kLog, class T>
void softmax_columns(const T* x, T* y, std::int64_t n, std::int64_t inner, std::int64_t cols) {
  using A = Compute<T>;
  constexpr bool kKeep = !kLog && sizeof(T) == sizeof(A);
  A max[kSoftmaxTile], sum[kSoftmaxTile];
  for (std::int64_t j = 0; j < cols; ++j) {
    max[j] = kLowest<A>;
    sum[j] = 0;
  }
  for (std::int64_t r = 0; r < n; ++r)
    for_vectors<A>(cols, [&](std::int64_t j, auto part) {
      part.store(max + j, maximum(part.load(max + j), part.load(x + r * inner + j)));
    });
  for (std::int64_t r = 0; r < n; ++r)
    for_vectors<A>(cols, [&](std::int64_t j, auto part) {
      const Vec<A> e = vexp(part.load(x + r * inner + j) - part.load(max + j));
      part.store(sum + j, part.load(sum + j) + e);
      if constexpr (kKeep) part.store(y + r * inner + j, e);
    });
  for_vectors<A>(cols, [&](std::int64_t j, auto part) {
    const Vec<A> s = part.load(sum + j);
    part.store(sum + j, kLog ? vlog(s) : 1 / s);
  });
  for (std::int64_t r = 0; r < n; ++r)
    for_vectors<A>(cols, [&](std::int64_t j, auto part) {
      const std::int64_t at = r * inner + j;
      const Vec<A> scale = part.load(sum + j);
      if constexpr (kLog) {
        part.store(y + at, part.load(x + at) - part.load(max + j) - scale);
      } else if constexpr (kKeep) {
        part.store(y + at, part.load(y + at) * scale);
      } else {
        part.store(y + at, vexp(part.load(x + at) - part.load(max + j)) * scale);
      }
    });
}

// softmax: dx = y (dy - sum(y dy));   log: dx = dy - exp(y) sum(dy).
template <bool kLog, class V>
TILESTACK_INLINE V softmax_slope(V y, V dy, V sum) {
  if constexpr (kLog) {
    return dy - vexp(y) * sum;
  } else {
    return y * (dy - sum);
  }
}

template <bool kLog, class T>
void softmax_row_backward(const T* y, const T* dy, T* dx, std::int64_t n) {
  using A = Compute<T>;
  const double sum = sum_pieces(n, [&](std::int64_t begin, std::int64_t size) {
    return sum_row<T>(size, [&](std::int64_t i, auto part) {
      const Vec<A> d = part.load(dy + begin + i);
      return kLog ? d : d * part.load(y + begin + i);
    });
  });
  const Vec<A> sums = splat(A(sum));
  for_vectors<T>(n, [&](std::int64_t i, auto part) {
    part.store(dx + i, softmax_slope<kLog>(part.load(y + i), part.load(dy + i), sums));
  });
}

template <bool kLog, class T>
void softmax_columns_backward(const T* y, const T* dy, T* dx, std::int64_t n, std::int64_t inner, std::int64_t cols) {
  using A = Compute<T>;
  A sum[kSoftmaxTile] = {};
  for (std::int64_t r = 0; r < n; ++r)
    for_vectors<A>(cols, [&](std::int64_t j, auto part) {
      const Vec<A> d = part.load(dy + r * inner + j);
      part.store(sum + j, part.load(sum + j) + (kLog ? d : d * part.load(y + r * inner + j)));
    });
  for (std::int64_t r = 0; r < n; ++r)
    for_vectors<A>(cols, [&](std::int64_t j, auto part) {
      const std::int64_t at = r * inner + j;
      part.store(dx + at, softmax_slope<kLog>(part.load(y + at), part.load(dy + at), part.load(sum + j)));
    });
}

template <bool kLog, class T>
void softmax_short_rows(const T* x, T* y, std::int64_t rows, std::int64_t n) {
  parallel_for(rows, (grain_of(rows, n) + 3) / 4 * 4, [&](std::int64_t begin, std::int64_t end) {
    std::int64_t r = begin;
    for (; r + 4 <= end; r += 4) softmax_four_rows<kLog>(x + r * n, y + r * n, n);
    for (; r < end; ++r) softmax_row<kLog>(x + r * n, y + r * n, n);
  });
}

// row(offset) for every row, or columns(offset, count) for every tile of columns, of (outer, n, inner).
template <class Row, class Columns>
TILESTACK_INLINE void for_rows_or_columns(const View& x, Row&& row, Columns&& columns) {
  const std::int64_t outer = x.shape[0], n = x.shape[1], inner = x.shape[2];
  if (outer * n * inner == 0) return;
  if (inner == 1) return parallel_rows(outer, n, [&](std::int64_t r) { row(r * n); });
  const std::int64_t tiles = (inner + kSoftmaxTile - 1) / kSoftmaxTile;
  parallel_rows(outer * tiles, n * least(inner, kSoftmaxTile), [&](std::int64_t i) {
    const std::int64_t o = i / tiles, j = (i - o * tiles) * kSoftmaxTile;
    columns(o * n * inner + j, least(inner - j, kSoftmaxTile));
  });
}

template <bool kLog>
void softmax_forward(View x, View y) {
  visit_float(x.dtype, [&]<class T>() {
    const T* in = x.data<T>();
    T* out = y.data<T>();
    const std::int64_t n = x.shape[1], inner = x.shape[2];
    if (inner == 1 && n > 0 && n <= kFourRows) return softmax_short_rows<kLog>(in, out, x.shape[0], n);
    for_rows_or_columns(
        x, [&](std::int64_t at) { softmax_row<kLog>(in + at, out + at, n); },
        [&](std::int64_t at, std::int64_t cols) { softmax_columns<kLog>(in + at, out + at, n, inner, cols); });
  });
}

template <bool kLog>
void softmax_backward(View y, View dy, View dx) {
  visit_float(y.dtype, [&]<class T>() {
    const T *out = y.data<T>(), *dout = dy.data<T>();
    T* din = dx.data<T>();
    const std::int64_t n = y.shape[1], inner = y.shape[2];
    for_rows_or_columns(
        y, [&](std::int64_t at) { softmax_row_backward<kLog>(out + at, dout + at, din + at, n); },
        [&](std::int64_t at, std::int64_t cols) {
          softmax_columns_backward<kLog>(out + at, dout + at, din + at, n, inner, cols);
        });
  });
}

}  // namespace
}  // namespace tilestack::TILESTACK_ISA

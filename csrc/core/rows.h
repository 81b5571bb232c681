#pragma once
// Loops over a row, vector by vector, for kernels that take whole rows. The body gets a Part, through which it loads
// and stores: whole vectors, or the first n lanes at a row's end.
#include "core/parallel.h"
#include "core/vec.h"

namespace tilestack::TILESTACK_ISA {
namespace {

struct WholeVector {
  template <class T>
  TILESTACK_INLINE Vec<Compute<T>> load(const T* p) const {
    return TILESTACK_ISA::load(p);
  }
  template <class T>
  TILESTACK_INLINE void store(T* p, Vec<Compute<T>> v) const {
    TILESTACK_ISA::store(p, v);
  }
  template <class V>
  TILESTACK_INLINE V keep(V v) const {
    return v;
  }
};

struct RowEnd {
  std::int64_t n;
  template <class T>
  TILESTACK_INLINE Vec<Compute<T>> load(const T* p) const {
    return load_partial(p, n);
  }
  template <class T>
  TILESTACK_INLINE void store(T* p, Vec<Compute<T>> v) const {
    store_partial(p, v, n);
  }
  // Zero in the lanes beyond the row.
  template <class V>
  TILESTACK_INLINE V keep(V v) const {
    using T = std::remove_cvref_t<decltype(v[0])>;
    return first_lanes<T>(v, n, T(0));
  }
};

// body(i, part) for each vector [i, i + lanes) of a row of n elements of type T.
template <class T, class F>
TILESTACK_INLINE void for_vectors(std::int64_t n, F&& body) {
  constexpr int lanes = kLanes<Compute<T>>;
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes) body(i, WholeVector{});
  if (i < n) body(i, RowEnd{n - i});
}

// The same in blocks of four vectors, whose N results body.operator()<N>(i, part) keeps in registers, then single ones.
template <class T, class F>
TILESTACK_INLINE void for_blocks(std::int64_t n, F&& body) {
  constexpr int lanes = kLanes<Compute<T>>;
  std::int64_t i = 0;
  for (; i + 4 * lanes <= n; i += 4 * lanes) body.template operator()<4>(i, WholeVector{});
  for (; i + lanes <= n; i += lanes) body.template operator()<1>(i, WholeVector{});
  if (i < n) body.template operator()<1>(i, RowEnd{n - i});
}

// Two vectors summed side by side, so that a row is read once for both.
template <class V>
struct Pair {
  V first, second;
  TILESTACK_INLINE Pair& operator+=(const Pair& other) {
    first += other.first;
    second += other.second;
    return *this;
  }
  TILESTACK_INLINE Pair operator+(const Pair& other) const { return {first + other.first, second + other.second}; }
};
template <class V>
TILESTACK_INLINE auto sum_lanes(const Pair<V>& pair) {
  return Pair<decltype(sum_lanes(pair.first))>{sum_lanes(pair.first), sum_lanes(pair.second)};
}

// The sum of term(i, part), a vector or a Pair, over a row: of lanes that are still to be summed. A term is zero where
// the loads are, or goes through part.keep.
template <class T, class F>
TILESTACK_INLINE auto sum_vectors(std::int64_t n, F&& term) {
  constexpr int lanes = kLanes<Compute<T>>;
  decltype(term(n, WholeVector{})) s0{}, s1{}, s2{}, s3{};
  std::int64_t i = 0;
  for (; i + 4 * lanes <= n; i += 4 * lanes) {
    s0 += term(i, WholeVector{});
    s1 += term(i + lanes, WholeVector{});
    s2 += term(i + 2 * lanes, WholeVector{});
    s3 += term(i + 3 * lanes, WholeVector{});
  }
  for (; i + lanes <= n; i += lanes) s0 += term(i, WholeVector{});
  if (i < n) s1 += term(i, RowEnd{n - i});
  return (s0 + s1) + (s2 + s3);
}

template <class T, class F>
TILESTACK_INLINE auto sum_row(std::int64_t n, F&& term) {
  return sum_lanes(sum_vectors<T>(n, term));
}

// Sums over rows: chunks of rows keep partial sums of their own, which sum_partials adds in order of the chunks. There
// are at most kMaxPartials, so that they stay small beside the rows.
constexpr std::int64_t kMaxPartials = 64;

TILESTACK_INLINE std::int64_t rows_per_partial(std::int64_t rows, std::int64_t cols) {
  const std::int64_t least = (rows + kMaxPartials - 1) / kMaxPartials;
  const std::int64_t grain = grain_of(rows, cols);
  return grain > least ? grain : least;
}

// y[i] = sum of partials[chunk * stride + i], i < n.
template <class T>
void sum_partials(const Compute<T>* partials, std::int64_t chunks, std::int64_t stride, T* y, std::int64_t n) {
  parallel_for(n, 1024, [&](std::int64_t begin, std::int64_t end) {
    for_vectors<T>(end - begin, [&](std::int64_t i, auto part) {
      Vec<Compute<T>> sum{};
      for (std::int64_t chunk = 0; chunk < chunks; ++chunk) sum += part.load(partials + chunk * stride + begin + i);
      part.store(y + begin + i, sum);
    });
  });
}

}  // namespace
}  // namespace tilestack::TILESTACK_ISA

#include "ops/rotary_embedding/rotary_embedding.h"

#include <utility>

#include "core/rows.h"

namespace tilestack::TILESTACK_ISA {
namespace {

// The even or odd lanes of a, then of b; and back.
template <int kFirst, class V, std::size_t... j>
TILESTACK_INLINE V every_other(V a, V b, std::index_sequence<j...>) {
  return __builtin_shufflevector(a, b, (2 * int(j) + kFirst)...);
}
template <int kFirst, class V, std::size_t... j>
TILESTACK_INLINE V alternating(V a, V b, std::index_sequence<j...>) {
  constexpr int lanes = int(sizeof...(j));
  return __builtin_shufflevector(a, b, (kFirst + int(j) / 2 + (j % 2 ? lanes : 0))...);
}

template <class T>
void turn_halves(const T* x, const Compute<T>* cos, const Compute<T>* sin, T* y, std::int64_t half, Compute<T> sign) {
  for_vectors<T>(half, [&](std::int64_t j, auto part) {
    const auto a = part.load(x + j), b = part.load(x + half + j), c = part.load(cos + j), s = part.load(sin + j) * sign;
    part.store(y + j, a * c - b * s);
    part.store(y + half + j, b * c + a * s);
  });
}

template <class T>
void turn_neighbours(const T* x, const Compute<T>* cos, const Compute<T>* sin, T* y, std::int64_t half,
                     Compute<T> sign) {
  using C = Compute<T>;
  constexpr int lanes = kLanes<C>;
  constexpr std::make_index_sequence<lanes> all;
  std::int64_t j = 0;
  for (; j + lanes <= half; j += lanes) {
    const Vec<C> low = load(x + 2 * j), high = load(x + 2 * j + lanes), c = load(cos + j), s = load(sin + j) * sign;
    const Vec<C> a = every_other<0>(low, high, all), b = every_other<1>(low, high, all);
    const Vec<C> p = a * c - b * s, q = b * c + a * s;
    store(y + 2 * j, alternating<0>(p, q, all));
    store(y + 2 * j + lanes, alternating<lanes / 2>(p, q, all));
  }
  for (; j < half; ++j) {
    const C a = convert<C>(x[2 * j]), b = convert<C>(x[2 * j + 1]), c = cos[j], s = sin[j] * sign;
    y[2 * j] = convert<T>(a * c - b * s);
    y[2 * j + 1] = convert<T>(b * c + a * s);
  }
}

void forward(View x, View cos, View sin, View y, bool interleaved, bool inverse) {
  visit_float(x.dtype, [&]<class T>() {
    using C = Compute<T>;
    const std::int64_t dim = x.shape[3], half = cos.shape[3], n1 = x.shape[1], n2 = x.shape[2];
    const C sign = inverse ? C(-1) : C(1);
    parallel_rows(x.rows(), dim, [&](std::int64_t row) {
      const std::int64_t i = row / (n1 * n2), j = row / n2 % n1, k = row % n2;
      const auto at = [&](const View& v) { return i * v.strides[0] + j * v.strides[1] + k * v.strides[2]; };
      const T* from = x.data<T>() + at(x);
      T* to = y.data<T>() + at(y);
      const C *c = cos.data<C>() + at(cos), *s = sin.data<C>() + at(sin);
      interleaved ? turn_neighbours<T>(from, c, s, to, half, sign) : turn_halves<T>(from, c, s, to, half, sign);
      for_vectors<T>(dim - 2 * half,
                     [&](std::int64_t l, auto part) { part.store(to + 2 * half + l, part.load(from + 2 * half + l)); });
    });
  });
}

}  // namespace
constinit const RotaryEmbeddingKernels rotary_embedding = {forward};
}  // namespace tilestack::TILESTACK_ISA

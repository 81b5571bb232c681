#pragma once
#include <cmath>

#include "core/rows.h"

namespace tilestack::TILESTACK_ISA {
namespace {

template <class C>
struct RowMoments {
  C mean, r;  // r = 1 / sqrt(variance + eps), of the biased variance
};

// The row is read twice, the second time from cache: variance about the mean, so nothing cancels.
template <class T>
TILESTACK_INLINE RowMoments<Compute<T>> row_moments(const T* x, std::int64_t cols, double eps) {
  using C = Compute<T>;
  const auto n = C(cols);
  const C mean = sum_row<T>(cols, [&](std::int64_t i, auto part) { return part.load(x + i); }) / n;
  const C squares = sum_row<T>(cols, [&](std::int64_t i, auto part) {
    const Vec<C> d = part.keep(part.load(x + i) - mean);
    return d * d;
  });
  return {mean, 1 / std::sqrt(squares / n + C(eps))};
}

}  // namespace
}  // namespace tilestack::TILESTACK_ISA

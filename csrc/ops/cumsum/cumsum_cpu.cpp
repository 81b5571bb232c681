#include "ops/cumsum/cumsum.h"

#include <type_traits>

#include "core/parallel.h"

namespace tilestack::TILESTACK_ISA {
namespace {

// Floats add up in float64: the sum waits for each addition in turn anyway.
template <class T>
using Total = std::conditional_t<std::is_integral_v<T>, std::int64_t, double>;

template <class T>
void sum_row(const T* x, T* y, std::int64_t n, bool reverse) {
  const std::int64_t step = reverse ? -1 : 1;
  Total<T> total = 0;
  for (std::int64_t j = 0, at = reverse ? n - 1 : 0; j < n; ++j, at += step) {
    total += convert<Total<T>>(x[at]);
    y[at] = convert<T>(total);
  }
}

// Neighbouring columns, side by side.
template <class T>
void sum_columns(const T* x, T* y, std::int64_t n, std::int64_t step, std::int64_t columns, bool reverse) {
  constexpr std::int64_t kColumns = 64;
  Total<T> totals[kColumns];
  for (std::int64_t begin = 0; begin < columns; begin += kColumns) {
    const std::int64_t width = columns - begin < kColumns ? columns - begin : kColumns;
    for (std::int64_t k = 0; k < width; ++k) totals[k] = 0;
    for (std::int64_t j = 0; j < n; ++j) {
      const std::int64_t at = (reverse ? n - 1 - j : j) * step + begin;
      for (std::int64_t k = 0; k < width; ++k) {
        totals[k] += convert<Total<T>>(x[at + k]);
        y[at + k] = convert<T>(totals[k]);
      }
    }
  }
}

void forward(View x, View y, bool reverse) {
  const std::int64_t n = x.shape[1], inner = x.shape[2];
  const auto run = [&]<class T>() {
    constexpr std::int64_t kSpan = 64;
    const std::int64_t span = inner < kSpan ? inner : kSpan, spans = (inner + span - 1) / span;
    parallel_rows(x.shape[0] * spans, n * span, [&](std::int64_t unit) {
      const std::int64_t begin = unit % spans * span, width = inner - begin < span ? inner - begin : span;
      const std::int64_t at = unit / spans * n * inner + begin;
      if (inner == 1) return sum_row(x.data<T>() + at, y.data<T>() + at, n, reverse);
      sum_columns(x.data<T>() + at, y.data<T>() + at, n, inner, width, reverse);
    });
  };
  if (x.dtype == DType::int64) return run.template operator()<std::int64_t>();
  visit_float(x.dtype, run);
}

}  // namespace
constinit const CumsumKernels cumsum = {forward};
}  // namespace tilestack::TILESTACK_ISA

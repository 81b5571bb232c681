#pragma once
// What linear and conv2d do with the gradient of their result before the products.
#include "core/activate.h"
#include "core/gemm/gemm.h"
#include "core/rows.h"

namespace tilestack::TILESTACK_ISA {
namespace {

// Rows that are summed side by side, a power of two of them: whole vectors where that takes few, and enough that no
// addition waits for the one before.
template <class T>
TILESTACK_INLINE std::int64_t rows_of_line(std::int64_t cols) {
  constexpr std::int64_t least = 16 * kLanes<T>, most = 2048;
  std::int64_t rows = 1;
  while (rows * cols % kLanes<T> != 0 || rows * cols < least) rows *= 2;
  return rows * cols <= most ? rows : 1;
}

// dz = dy * slope(saved) and db = the sums of dz's columns, in one pass.   dy, saved, dz: (rows, cols)   db: (cols)
// Without an activation dz is dy and not written; db may be null. Rows are summed in chunks, the chunks in order.
template <class S>
void bias_and_slope(Activation activation, const S* dy, const S* saved, S* dz, S* db, std::int64_t rows,
                    std::int64_t cols) {
  using T = Compute<S>;
  constexpr int L = kLanes<T>;
  if (cols <= 0) return;
  const std::int64_t line = rows_of_line<T>(cols), lines = (rows_per_partial(rows, cols) + line - 1) / line;
  const std::int64_t grain = lines * line, chunks = (rows + grain - 1) / grain;
  const std::int64_t stride = (line * cols + L - 1) / L * L;
  Scratch<T> sums(db ? chunks * stride : 1);
  parallel_for(rows, grain, [&](std::int64_t begin, std::int64_t end) {
    T* const sum = sums + begin / grain * stride;
    if (db) __builtin_memset(sum, 0, std::size_t(stride) * sizeof *sum);
    for (std::int64_t i = begin; i < end; i += line) {
      const std::int64_t at = i * cols, n = (end - i < line ? end - i : line) * cols;
      for (std::int64_t j = 0; j < n; j += L) {
        Vec<T> v = load_upto(dy + at + j, n - j);
        if (activation != Activation::none) {
          v *= activation_slope(activation, load_upto(saved + at + j, n - j));
          store_upto(dz + at + j, v, n - j);
        }
        if (db) store(sum + j, load(sum + j) + v);
      }
    }
  });
  if (db) sum_partials(sums.data, chunks * line, line > 1 ? cols : stride, db, cols);
}

// The gradient of what the activation was applied to: dy itself, or new memory.
template <class S>
struct InnerGradient {
  Scratch<S> memory;
  const S* data;
  InnerGradient(Activation activation, View dy, View saved, View db, std::int64_t rows, std::int64_t cols)
      : memory(activation == Activation::none ? 1 : rows * cols),
        data(activation == Activation::none ? dy.data<S>() : memory.data) {
    if (activation != Activation::none || db.defined())
      bias_and_slope(activation, dy.data<S>(), saved.data<S>(), memory.data, db.data<S>(), rows, cols);
  }
};

}  // namespace
}  // namespace tilestack::TILESTACK_ISA

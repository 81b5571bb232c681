#pragma once
// Square blocks of a matrix transposed in registers.
#include <utility>

#include "core/vec.h"

namespace tilestack::TILESTACK_ISA {
namespace {

// Of v and w, the lanes j where the bit `step` of j is clear, or set with high = true: those of w take the places
// between.
template <int step, bool high, class V, std::size_t... j>
TILESTACK_INLINE V exchanged(V v, V w, std::index_sequence<j...>) {
  constexpr int lanes = int(sizeof...(j));
  if constexpr (high) {
    return __builtin_shufflevector(v, w, (j & step ? int(j) + lanes : int(j) + step)...);
  } else {
    return __builtin_shufflevector(v, w, (j & step ? int(j) + lanes - step : int(j))...);
  }
}

template <int step, class V, int lanes>
TILESTACK_INLINE void transpose_steps(V (&rows)[lanes]) {
  if constexpr (step < lanes) {
#pragma GCC unroll 64
    for (int i = 0; i < lanes; ++i) {
      if (i & step) continue;
      const V a = rows[i], b = rows[i + step];
      rows[i] = exchanged<step, false>(a, b, std::make_index_sequence<std::size_t(lanes)>());
      rows[i + step] = exchanged<step, true>(a, b, std::make_index_sequence<std::size_t(lanes)>());
    }
    transpose_steps<2 * step>(rows);
  }
}

// y[j][i] = x[i][j] for a block of kLanes<T> rows and columns; rows are x_row and y_row elements apart.
template <class T>
TILESTACK_INLINE void transpose_block(const T* x, std::int64_t x_row, T* y, std::int64_t y_row) {
  constexpr int lanes = kLanes<T>;
  Vec<T> rows[lanes];
#pragma GCC unroll 64
  for (int i = 0; i < lanes; ++i) rows[i] = load_raw<Vec<T>>(x + i * x_row);
  transpose_steps<1>(rows);
#pragma GCC unroll 64
  for (int i = 0; i < lanes; ++i) __builtin_memcpy(y + i * y_row, &rows[i], sizeof rows[i]);
}

constexpr std::int64_t kAheadBytes = 256;

// The same for any numbers of rows and columns of x. Bytes go one by one.
template <class T>
void transpose_tile(const T* x, std::int64_t x_row, T* y, std::int64_t y_row, std::int64_t rows, std::int64_t cols) {
  std::int64_t whole_rows = 0, whole_cols = 0;
  if constexpr (sizeof(T) > 1) {
    constexpr std::int64_t lanes = kLanes<T>;
    whole_rows = rows / lanes * lanes;
    whole_cols = cols / lanes * lanes;
    for (std::int64_t j = 0; j < whole_cols; j += lanes)
      for (std::int64_t i = 0; i < whole_rows; i += lanes) {
        // More rows than the processor follows by itself.
        for (std::int64_t k = 0; k < lanes; ++k) __builtin_prefetch(x + (i + k) * x_row + j + kAheadBytes / sizeof(T));
        transpose_block(x + i * x_row + j, x_row, y + j * y_row + i, y_row);
      }
  }
  for (std::int64_t j = 0; j < cols; ++j)
    for (std::int64_t i = j < whole_cols ? whole_rows : 0; i < rows; ++i) y[j * y_row + i] = x[i * x_row + j];
}

}  // namespace
}  // namespace tilestack::TILESTACK_ISA

#pragma once
// From a tile of sums to C: bias, activation, residual, conversion.
#include "core/activate.h"
#include "core/gemm/micro_kernel.h"
#include "core/gemm/pack.h"

namespace tilestack::TILESTACK_ISA {
namespace {

TILESTACK_INLINE std::int64_t row_offset(const GemmOutput& c, std::int64_t row) {
  if (c.grid_cols == 0) return row * c.row_stride;
  const std::int64_t j = row % c.grid_cols, line = row / c.grid_cols;
  return line / c.grid_rows * c.image_stride + line % c.grid_rows * c.grid_row_stride + j * c.row_stride;
}

// As write_rows, for the rows of whole tiles without activation.
template <class S, class T>
TILESTACK_INLINE void write_whole_rows(const GemmOutput& c, const T* sums, std::int64_t stride, std::int64_t row,
                                       std::int64_t rows, std::int64_t col) {
  Vec<T> bias[kTileVectors] = {};
  for (int v = 0; v < kTileVectors; ++v)
    if (c.bias) bias[v] = load(static_cast<const S*>(c.bias) + col + v * kLanes<T>);
  S* out = static_cast<S*>(c.data) + row * c.row_stride + col;
  for (std::int64_t i = 0; i < rows; ++i, sums += stride, out += c.row_stride)
    for (int v = 0; v < kTileVectors; ++v) store(out + v * kLanes<T>, load(sums + v * kLanes<T>) + bias[v]);
}

// Sums of C's rows [row, row + rows) and columns [col, col + cols), `stride` apart and readable up to the next vector.
template <class S, class T>
void write_rows(const GemmOutput& c, const T* sums, std::int64_t stride, std::int64_t row, std::int64_t rows,
                std::int64_t col, std::int64_t cols) {
  constexpr int L = kLanes<T>;
  if constexpr (sizeof(S) != sizeof(T))  // kernels write other sums themselves
    if (cols == kTileVectors * L && c.grid_cols == 0 && !c.pre && !c.residual && c.activation == Activation::none)
      return write_whole_rows<S>(c, sums, stride, row, rows, col);
  if (rows > 1 && cols == stride && cols == c.row_stride && c.grid_cols == 0 && !c.bias)  // follow one another
    return write_rows<S>(c, sums, 0, 0, 1, row * cols, rows * cols);
  const S* bias = c.bias ? static_cast<const S*>(c.bias) + col : nullptr;
  for (std::int64_t i = 0; i < rows; ++i, sums += stride) {
    const std::int64_t at = row_offset(c, row + i) + col;
    S* out = static_cast<S*>(c.data) + at;
    S* pre = c.pre ? static_cast<S*>(c.pre) + at : nullptr;
    const S* residual = c.residual ? static_cast<const S*>(c.residual) + at : nullptr;
    for (std::int64_t j = 0; j < cols; j += L) {
      const std::int64_t n = cols - j;
      Vec<T> v = load(sums + j);
      if (bias) v += n >= L ? load(bias + j) : load_partial(bias + j, n);
      if (pre) n >= L ? store(pre + j, v) : store_partial(pre + j, v, n);
      if (c.activation != Activation::none) v = activate(c.activation, v);
      if (residual) v += n >= L ? load(residual + j) : load_partial(residual + j, n);
      n >= L ? store(out + j, v) : store_partial(out + j, v, n);
    }
  }
}

// A tile at (row, col) of C, or, with `swapped`, at (row, col) of its transpose.
template <class S, class T>
void write_tile(const GemmOutput& c, bool swapped, const T* tile, std::int64_t row, std::int64_t rows, std::int64_t col,
                std::int64_t cols) {
  if (!swapped) return write_rows<S>(c, tile, kTileCols<T>, row, rows, col, cols);
  T turned[kTileSize<T> + kLanes<T>];
  turn_lines(tile, kTileCols<T>, rows, cols, turned, rows);
  write_rows<S>(c, turned, rows, col, cols, row, rows);
}

template <class T>
TILESTACK_INLINE void write_tile_as(DType dtype, const GemmOutput& c, bool swapped, const T* tile, std::int64_t row,
                                    std::int64_t rows, std::int64_t col, std::int64_t cols) {
  if constexpr (sizeof(T) == 8) {
    write_tile<double>(c, swapped, tile, row, rows, col, cols);
  } else {
    switch (dtype) {
      case DType::bfloat16:
        return write_tile<bfloat16>(c, swapped, tile, row, rows, col, cols);
      case DType::float16:
        return write_tile<float16>(c, swapped, tile, row, rows, col, cols);
      default:
        return write_tile<float>(c, swapped, tile, row, rows, col, cols);
    }
  }
}

}  // namespace
}  // namespace tilestack::TILESTACK_ISA

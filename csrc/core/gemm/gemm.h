#pragma once
// The one matrix product that matmul, linear and conv2d run on: C = activation(A B^T + bias) + residual, with both
// operands given by where their elements are in memory. Called from kernel files only.
#include "core/activation.h"
#include "core/kernels.h"

namespace tilestack {

// The windows of a convolution over channels-last images. Window (n, i, j) takes the pixels
// (first_y + i step_y + a tap_y, first_x + j step_x + b tap_x) of image n, for a < taps_high, b < taps_wide; outside
// the image they are zero. As a matrix: a row for each window, a column for each (a, b, channel). It is never written
// out.
struct Windows {
  std::int64_t rows, cols;  // windows in an image
  std::int64_t step_y, step_x, first_y, first_x;
  std::int64_t taps_high, taps_wide, tap_y, tap_x;
  std::int64_t height, width, channels;
  std::int64_t pixel_stride, row_stride, image_stride;
  std::int64_t channel_stride = 1;  // as a matrix

  // No window reaches beyond its image.
  TILESTACK_INLINE bool all_inside() const {
    return first_y >= 0 && first_x >= 0 && last_y() < height && last_x() < width;
  }
  TILESTACK_INLINE std::int64_t last_y() const { return first_y + (rows - 1) * step_y + (taps_high - 1) * tap_y; }
  TILESTACK_INLINE std::int64_t last_x() const { return first_x + (cols - 1) * step_x + (taps_wide - 1) * tap_x; }
};

// A matrix of (rows, depth): A is (m, k), B is (n, k). Float dtypes.
struct GemmOperand {
  const void* data = nullptr;
  DType dtype = DType::float32;
  std::int64_t row_stride = 0, depth_stride = 0;  // in elements, any sign
  const Windows* windows = nullptr;               // the matrix of windows over `data` instead
  bool transposed = false;                        // the transpose of that matrix: depth counts windows
};

// C, (m, n), contiguous along n. With grid_cols > 0 its row r = (image, i, j), with i < grid_rows and j < grid_cols, is
// at image * image_stride + i * grid_row_stride + j * row_stride.
struct GemmOutput {
  void* data = nullptr;
  DType dtype = DType::float32;
  std::int64_t row_stride = 0;
  std::int64_t grid_rows = 0, grid_cols = 0, grid_row_stride = 0, image_stride = 0;
  const void* bias = nullptr;  // (n), dtype of C
  Activation activation = Activation::none;
  void* pre = nullptr;             // if set, A B^T + bias is kept here, laid out as C
  const void* residual = nullptr;  // dtype of C, laid out as C
};

struct Gemm {
  std::int64_t m, n, k;
  GemmOperand a, b;
  GemmOutput c;
};

// The sums of one tile of float32, from memory that is laid out for it already: the products of `rows` rows of A and
// `cols` columns of B over `runs` runs of `depth` steps each, and what is at `start`. They come in whole vectors: the
// last may go beyond `cols`. Runs are summed together; blocks of the depth of one are summed by themselves.
struct TileProduct {
  std::int64_t rows, cols, depth, block;
  const float* a;  // row r at depth k: a[r * a_row_step + k * a_depth_step]
  std::int64_t a_row_step, a_depth_step;
  const float* b;  // b[k * b_step + column]
  std::int64_t b_step;
  float* sums = nullptr;  // sums[r * row_step + column]
  std::int64_t row_step = 0;
  const float* start = nullptr;  // start[r * start_step + column]
  std::int64_t start_step = 0;
  std::int64_t runs = 1, a_run_step = 0, b_run_step = 0;
};

// Accumulates in float, in double where C is float64. Operands and C are all float64 or none is. C must not overlap
// them. How the work is split never depends on the number of threads.
struct GemmKernels {
  void (*run)(const Gemm& product);
  // Of processors:
  void (*tile)(const TileProduct& product) = nullptr;
  // A tile of sums becomes rows [row, row + rows) and columns [col, col + cols) of c, or, swapped, of its transpose.
  void (*write)(const GemmOutput& c, bool swapped, const float* tile, std::int64_t row, std::int64_t rows,
                std::int64_t col, std::int64_t cols) = nullptr;
};
TILESTACK_KERNELS(GemmKernels, gemm)

}  // namespace tilestack

#pragma once
// Copies between memory orders, as transpositions of matrices: y runs along one dimension, x along another.
#include "cuda/map_plan.h"

namespace tilestack::gpu {

constexpr int kTransposeThreads = 256;

// Rows run along y's dimension of stride 1, columns along x's. Tiles of a power of two elements a side, as square as
// the matrix allows.
struct Transposition {
  bool found = false;
  int rows = 0, cols = 0, log_height = 0, log_width = 0, pitch = 0;
  std::int32_t x_row = 0, y_col = 0;  // strides of x along the rows, of y along the columns
  FastDiv down, right;                // tiles
  int others = 0;
  FastDiv sizes[kMaxDims];
  std::int64_t x_strides[kMaxDims], y_strides[kMaxDims];
  std::int64_t tiles = 0;

  Transposition(const MapPlan& plan, int log_tile, std::size_t item);
};

template <class T>
constexpr int kLogTile = sizeof(T) == 8 ? 11 : 12;

// Read along rows of x, kept in shared memory with rows an odd number of banks apart, written along rows of y.
template <class T>
__global__ void __launch_bounds__(kTransposeThreads)
    transpose_kernel(const T* x, T* y, const __grid_constant__ Transposition t) {
  constexpr int kEach = (1 << kLogTile<T>) / kTransposeThreads;
  T* const tile = dyn_shared_array<T>();
  std::uint32_t rest = blockIdx.x;
  const int row = static_cast<int>(t.down.split(rest)) << t.log_height, col = static_cast<int>(t.right.split(rest))
                                                                              << t.log_width;
  x += std::int64_t(row) * t.x_row + col;
  y += std::int64_t(col) * t.y_col + row;
#pragma unroll 1
  for (int d = 0; d < t.others; ++d) {
    const std::uint32_t at = t.sizes[d].split(rest);
    x += at * t.x_strides[d];
    y += at * t.y_strides[d];
  }
  const int height = t.rows - row, width = t.cols - col;  // of what is left
  T value[kEach];
#pragma unroll
  for (int k = 0; k < kEach; ++k) {
    const int i = threadIdx.x + k * kTransposeThreads, c = i & ((1 << t.log_width) - 1), r = i >> t.log_width;
    value[k] = r < height && c < width ? x[std::int64_t(r) * t.x_row + c] : T{};
  }
#pragma unroll
  for (int k = 0; k < kEach; ++k) {
    const int i = threadIdx.x + k * kTransposeThreads, c = i & ((1 << t.log_width) - 1), r = i >> t.log_width;
    tile[r * t.pitch + c] = value[k];
  }
  __syncthreads();
#pragma unroll
  for (int k = 0; k < kEach; ++k) {
    const int i = threadIdx.x + k * kTransposeThreads, r = i & ((1 << t.log_height) - 1), c = i >> t.log_height;
    if (r < height && c < width) y[std::int64_t(c) * t.y_col + r] = tile[r * t.pitch + c];
  }
}

// y = x, if a transposition by tiles is the way to do it.
inline bool transpose(const View& x, const View& y) {
  const View* const views[] = {&y, &x};
  const MapPlan plan(views, 2, 1);
  bool done = false;
  visit_size(y.dtype, [&]<class T>() {
    const Transposition t(plan, kLogTile<T>, sizeof(T));
    done = t.found;
    if (!done) return;
    const std::size_t shared = (std::size_t(t.pitch) << t.log_height) * sizeof(T);
    launch(transpose_kernel<T>, {static_cast<unsigned>(t.tiles), kTransposeThreads, shared}, x.data<T>(), y.data<T>(),
           t);
  });
  return done;
}

}  // namespace tilestack::gpu

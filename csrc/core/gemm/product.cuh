#pragma once
// What every kernel of a product gets, and which part of it a block computes.
#include "core/gemm/operand.cuh"

namespace tilestack::cuda {
namespace {

struct Output {
  void* data;
  void* pre;
  const void *bias, *residual;
  DType dtype;
  Activation activation;
  bool vectors;  // four neighbours from a multiple of four on may be stored at once
  bool grid;
  gpu::FastDiv grid_rows, grid_cols;
  std::int64_t row_stride, grid_row_stride, image_stride;

  __device__ __forceinline__ std::int64_t row_offset(std::int64_t row) const {
    if (!grid) return row * row_stride;
    auto image = static_cast<std::uint32_t>(row);
    const std::uint32_t j = grid_cols.split(image), i = grid_rows.split(image);
    return image * image_stride + i * grid_row_stride + j * row_stride;
  }
};

// From the first product of a batch to another one, in elements.
struct BatchOffset {
  std::int64_t a, b, c, bias;
};
struct Batch {
  int dims;
  std::uint32_t shape[kMaxDims];
  std::int64_t a[kMaxDims], b[kMaxDims], c[kMaxDims], bias;

  __device__ __forceinline__ BatchOffset at(std::uint32_t index) const {
    BatchOffset offset{};
    offset.bias = index * bias;
    for (int d = dims - 1; d >= 0; --d) {
      const std::int64_t i = index % shape[d];
      index /= shape[d];
      offset.a += i * a[d];
      offset.b += i * b[d];
      offset.c += i * c[d];
    }
    return offset;
  }
};

// With slices > 1 each writes its part of the sums to `partial`, (slices, batch, m, n) in the type of the sums.
struct Product {
  std::int64_t m, n, k;
  Operand a, b;
  Output c;
  Batch batch;
  std::uint32_t batches, slices, tiles_m, tiles_n;
  std::int64_t slice_depth;
  void* partial;
};

// One tile of C, of one slice of depth, of one product of the batch.
struct Task {
  std::int64_t row, col, k_begin, k_end;
  std::uint32_t slice, batch;
};

// Tiles in groups of kGroup rows, down each column of a group: blocks that run together share operands in the cache.
template <int kRows, int kCols>
__device__ __forceinline__ Task task_of(const Product& p, std::uint32_t index) {
  constexpr std::uint32_t kGroup = 8;
  const std::uint32_t tiles = p.tiles_m * p.tiles_n, outer = index / tiles;
  index -= outer * tiles;
  const std::uint32_t group = index / (kGroup * p.tiles_n), first = group * kGroup;
  const std::uint32_t height = p.tiles_m - first < kGroup ? p.tiles_m - first : kGroup;
  index -= first * p.tiles_n;
  Task task;
  task.row = std::int64_t(first + index % height) * kRows;
  task.col = std::int64_t(index / height) * kCols;
  task.slice = outer / p.batches;
  task.batch = outer % p.batches;
  task.k_begin = task.slice * p.slice_depth;
  task.k_end = task.k_begin + p.slice_depth < p.k ? task.k_begin + p.slice_depth : p.k;
  return task;
}

}  // namespace
}  // namespace tilestack::cuda

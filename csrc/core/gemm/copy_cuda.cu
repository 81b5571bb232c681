// Operands that loaders can't take in vectors, or whose dtype isn't the other's, are written out first.
#include "core/gemm/launch.h"

namespace tilestack::cuda {
namespace {

constexpr int kRun = 8;  // elements that a thread copies: neighbours in the copy

// Lines of `length` elements, a multiple of kRun: of the depth for each row, or of rows for each depth.
struct CopyShape {
  std::int64_t lines, length, matrices;
  bool along_depth;
  int dims;  // of the batch, without those in which all share a matrix
  std::uint32_t shape[kMaxDims];
  std::int64_t strides[kMaxDims];
};

template <class From, class To>
__global__ __launch_bounds__(256) void copy_kernel(const __grid_constant__ Operand x,
                                                   const __grid_constant__ CopyShape shape, To* to) {
  const std::int64_t runs = shape.length / kRun, count = shape.matrices * shape.lines * runs;
  for (std::int64_t i = gpu::global_thread(); i < count; i += gpu::global_threads()) {
    std::int64_t line = i / runs, matrix = line / shape.lines;
    const std::int64_t first = (i - line * runs) * kRun;
    line -= matrix * shape.lines;
    const From* data = static_cast<const From*>(x.data);
    for (int d = shape.dims - 1; d >= 0; --d) {
      data += matrix % shape.shape[d] * shape.strides[d];
      matrix /= shape.shape[d];
    }
    gpu::Pack<To, kRun> out{};
#pragma unroll
    for (int e = 0; e < kRun; ++e) {
      const std::int64_t row = shape.along_depth ? line : first + e, k = shape.along_depth ? first + e : line;
      if (row >= x.rows.size || k >= x.depth.size) continue;
      const Place at = x.rows.at(row), column = x.depth.at(k);
      if (x.inside(at, column)) out[e] = convert<To>(data[at.offset + column.offset]);
    }
    gpu::store(to + i * kRun, out);
  }
}

CopyShape shape_of(const Prepared& x, bool is_a) {
  const std::int64_t rows = is_a ? x.a_rows : x.b_rows, depth = is_a ? x.a_depth : x.b_depth;
  const std::int64_t* strides = is_a ? x.batch.a : x.batch.b;
  CopyShape shape{};
  const Order order = order_of(is_a ? x.product.a : x.product.b, rows, depth, strides, x.batch.dims);
  shape.along_depth = order == Order::depth || order == Order::depth_vectors;
  shape.lines = shape.along_depth ? depth : rows;
  shape.length = gpu::ceil_div(shape.lines, kRun) * kRun;
  shape.lines = shape.along_depth ? rows : depth;
  shape.matrices = 1;
  for (int d = 0; d < x.batch.dims; ++d) {
    if (strides[d] == 0) continue;
    shape.shape[shape.dims] = static_cast<std::uint32_t>(x.batch.shape[d]);
    shape.strides[shape.dims++] = strides[d];
    shape.matrices *= x.batch.shape[d];
  }
  return shape;
}

template <class From>
void launch_copy(const Operand& from, const CopyShape& shape, DType dtype, void* memory) {
  const std::int64_t count = shape.matrices * shape.lines * shape.length / kRun;
  const gpu::Launch where{gpu::blocks_for(count, 256), 256};
  if constexpr (sizeof(From) == 2) {
    if (dtype == dtype_of<From>) {
      gpu::launch(copy_kernel<From, From>, where, from, shape, static_cast<From*>(memory));
      return;
    }
  }
  gpu::launch(copy_kernel<From, float>, where, from, shape, static_cast<float*>(memory));
}

}  // namespace

bool a_in_vectors(const Prepared& x) { return in_vectors(x.product.a, x.a_rows, x.a_depth, x.batch.a, x.batch.dims); }
bool b_in_vectors(const Prepared& x) { return in_vectors(x.product.b, x.b_rows, x.b_depth, x.batch.b, x.batch.dims); }

std::int64_t copy_bytes(const Prepared& x, bool is_a, DType dtype) {
  const CopyShape shape = shape_of(x, is_a);
  return shape.matrices * shape.lines * shape.length * std::int64_t(size_of(dtype));
}

void copy_operand(Prepared& x, bool is_a, DType dtype, void* memory) {
  const CopyShape shape = shape_of(x, is_a);
  std::int64_t &rows = is_a ? x.a_rows : x.b_rows, &depth = is_a ? x.a_depth : x.b_depth;
  std::int64_t* strides = is_a ? x.batch.a : x.batch.b;
  GemmOperand& operand = is_a ? x.product.a : x.product.b;
  const Operand from = operand_of(operand, rows, depth, strides, x.batch.dims);
  switch (operand.dtype) {
    case DType::bfloat16:
      launch_copy<bfloat16>(from, shape, dtype, memory);
      break;
    case DType::float16:
      launch_copy<float16>(from, shape, dtype, memory);
      break;
    default:
      launch_copy<float>(from, shape, dtype, memory);
  }
  operand = {.data = memory,
             .dtype = dtype,
             .row_stride = shape.along_depth ? shape.length : 1,
             .depth_stride = shape.along_depth ? 1 : shape.length};
  (shape.along_depth ? depth : rows) = shape.length;
  std::int64_t stride = shape.lines * shape.length;
  for (int d = x.batch.dims - 1; d >= 0; --d) {
    if (strides[d] == 0) continue;
    strides[d] = stride;
    stride *= x.batch.shape[d];
  }
}

}  // namespace tilestack::cuda

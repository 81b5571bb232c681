#pragma once
// From sums to C: bias, activation, residual, conversion. Kernels leave a part of their tile in shared memory, and all
// threads write it out in rows.
#include "core/gemm/product.cuh"
#include "cuda/activate.cuh"

namespace tilestack::cuda {
namespace {

template <class T>
using Quad = gpu::Pack<T, 4>;

template <class S, class T>
__device__ __forceinline__ void store_quad(S* to, const Quad<T>& v, int count, bool vectors) {
  if (vectors && count >= 4) return gpu::store(to, gpu::convert_pack<S>(v));
#pragma unroll
  for (int i = 0; i < 4; ++i)
    if (i < count) to[i] = convert<S>(v[i]);
}

template <class S>
__device__ __forceinline__ Quad<S> load_quad(const S* from, int count, bool vectors) {
  if (vectors && count >= 4) return gpu::load<4>(from);
  Quad<S> v{};
#pragma unroll
  for (int i = 0; i < 4; ++i)
    if (i < count) v[i] = from[i];
  return v;
}

// The first `count` of four sums to C at (row, col).
template <class S, class T>
__device__ __forceinline__ void finish_as(const Output& c, const BatchOffset& offset, std::int64_t row,
                                          std::int64_t col, Quad<T> v, int count) {
  if (c.bias) {
    const S* bias = static_cast<const S*>(c.bias) + offset.bias + col;
#pragma unroll
    for (int i = 0; i < 4; ++i)
      if (i < count) v[i] += convert<T>(bias[i]);
  }
  const std::int64_t at = offset.c + c.row_offset(row) + col;
  if (c.pre) store_quad(static_cast<S*>(c.pre) + at, v, count, c.vectors);
  if constexpr (std::is_floating_point_v<T>) {
    if (c.activation != Activation::none) {
#pragma unroll
      for (int i = 0; i < 4; ++i) v[i] = gpu::activate(c.activation, v[i]);
    }
  }
  if (c.residual) {
    const Quad<S> more = load_quad(static_cast<const S*>(c.residual) + at, count, c.vectors);
#pragma unroll
    for (int i = 0; i < 4; ++i) v[i] += convert<T>(more[i]);
  }
  store_quad(static_cast<S*>(c.data) + at, v, count, c.vectors);
}

template <class T>
__device__ __forceinline__ void finish(const Output& c, const BatchOffset& offset, std::int64_t row, std::int64_t col,
                                       const Quad<T>& v, int count) {
  if constexpr (std::is_same_v<T, float>) {
    if (c.dtype == DType::bfloat16) return finish_as<bfloat16>(c, offset, row, col, v, count);
    if (c.dtype == DType::float16) return finish_as<float16>(c, offset, row, col, v, count);
    finish_as<float>(c, offset, row, col, v, count);
  } else if constexpr (std::is_same_v<T, std::uint32_t>) {
    if (c.dtype == DType::int8 || c.dtype == DType::uint8)
      return finish_as<std::uint8_t>(c, offset, row, col, v, count);
    finish_as<std::uint32_t>(c, offset, row, col, v, count);
  } else {
    finish_as<T>(c, offset, row, col, v, count);
  }
}

// Four sums of a task's tile, at (row, col) of the product.
template <class T>
__device__ __forceinline__ void write_quad(const Product& p, const Task& task, const BatchOffset& offset,
                                           std::int64_t row, std::int64_t col, const Quad<T>& v) {
  if (row >= p.m || col >= p.n) return;
  const int count = p.n - col < 4 ? int(p.n - col) : 4;
  if (p.slices == 1) return finish(p.c, offset, row, col, v, count);
  T* partial = static_cast<T*>(p.partial) + ((std::int64_t(task.slice) * p.batches + task.batch) * p.m + row) * p.n;
  store_quad(partial + col, v, count, p.n % 4 == 0);
}

// `rows` rows of kCols sums in shared memory, kPitch apart; row i is row row_of(i) of the tile.
template <int kCols, int kPitch, int kThreads, class T, class RowOf>
__device__ __forceinline__ void write_staged(const Product& p, const Task& task, const BatchOffset& offset,
                                             const T* staged, int rows, int thread, const RowOf& row_of) {
#pragma unroll 1
  for (int v = thread; v < rows * (kCols / 4); v += kThreads) {
    const int i = v / (kCols / 4), col = v % (kCols / 4) * 4;
    write_quad(p, task, offset, task.row + row_of(i), task.col + col, gpu::load<4>(staged + i * kPitch + col));
  }
}

// The slices of each sum, added in order.
template <class T>
__global__ __launch_bounds__(256) void add_slices_kernel(const __grid_constant__ Product p) {
  const std::int64_t row_quads = gpu::ceil_div(p.n, 4), size = p.batches * p.m * p.n;
  const std::int64_t quads = p.batches * p.m * row_quads;
  for (std::int64_t i = gpu::global_thread(); i < quads; i += gpu::global_threads()) {
    const std::int64_t line = i / row_quads, col = (i - line * row_quads) * 4, batch = line / p.m;
    const int count = p.n - col < 4 ? int(p.n - col) : 4;
    const T* from = static_cast<const T*>(p.partial) + line * p.n + col;
    Quad<T> sum{};
    for (std::uint32_t s = 0; s < p.slices; ++s, from += size) {
      if (p.n % 4 == 0) {
        const Quad<T> v = gpu::load<4>(from);
#pragma unroll
        for (int e = 0; e < 4; ++e) sum[e] += v[e];
      } else {
#pragma unroll
        for (int e = 0; e < 4; ++e)
          if (e < count) sum[e] += from[e];
      }
    }
    finish(p.c, p.batch.at(static_cast<std::uint32_t>(batch)), line - batch * p.m, col, sum, count);
  }
}

}  // namespace
}  // namespace tilestack::cuda

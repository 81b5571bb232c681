#pragma once
// From a Gemm to the kernels' view of it.
#include "core/gemm/epilogue.cuh"
#include "core/gemm/paths.h"
#include "core/gemm/plan.h"
#include "cuda/runtime.h"

namespace tilestack::cuda {
namespace {

inline Output output_of(const GemmOutput& c, const GemmBatch& batch) {
  Output out{};
  out.data = c.data;
  out.pre = c.pre;
  out.bias = c.bias;
  out.residual = c.residual;
  out.dtype = c.dtype;
  out.activation = c.activation;
  out.grid = c.grid_cols > 0;
  out.row_stride = c.row_stride;
  bool whole = c.row_stride % 4 == 0;
  if (out.grid) {
    out.grid_rows = gpu::FastDiv(c.grid_rows);
    out.grid_cols = gpu::FastDiv(c.grid_cols);
    out.grid_row_stride = c.grid_row_stride;
    out.image_stride = c.image_stride;
    whole = whole && c.grid_row_stride % 4 == 0 && c.image_stride % 4 == 0;
  }
  for (int d = 0; d < batch.dims; ++d) whole = whole && batch.c[d] % 4 == 0;
  const std::size_t bytes = 4 * size_of(c.dtype) < 16 ? 4 * size_of(c.dtype) : 16;
  out.vectors =
      whole && gpu::is_aligned(c.data, bytes) && gpu::is_aligned(c.pre, bytes) && gpu::is_aligned(c.residual, bytes);
  return out;
}

inline Batch batch_of(const GemmBatch& batch) {
  Batch out{};
  out.bias = batch.bias;
  out.dims = batch.dims;
  for (int d = 0; d < batch.dims; ++d) {
    out.shape[d] = static_cast<std::uint32_t>(batch.shape[d]);
    out.a[d] = batch.a[d];
    out.b[d] = batch.b[d];
    out.c[d] = batch.c[d];
  }
  return out;
}

// The product as kernels with this tile see it; run_in_slices sets `partial`.
inline Product product_of(const Prepared& x, const Plan& plan, int tile_rows, int tile_cols) {
  const Gemm& g = x.product;
  const GemmBatch& batch = x.batch;
  Product p{};
  p.m = g.m;
  p.n = g.n;
  p.k = g.k;
  p.a = operand_of(g.a, x.a_rows, x.a_depth, batch.a, batch.dims);
  p.b = operand_of(g.b, x.b_rows, x.b_depth, batch.b, batch.dims);
  p.c = output_of(g.c, batch);
  p.batch = batch_of(batch);
  p.batches = static_cast<std::uint32_t>(batch.count());
  p.slices = static_cast<std::uint32_t>(plan.slices);
  p.slice_depth = plan.slice_depth;
  p.tiles_m = static_cast<std::uint32_t>(gpu::ceil_div(g.m, tile_rows));
  p.tiles_n = static_cast<std::uint32_t>(gpu::ceil_div(g.n, tile_cols));
  return p;
}

inline std::uint32_t tasks_of(const Product& p) {
  const std::int64_t tasks = std::int64_t(p.tiles_m) * p.tiles_n * p.batches * p.slices;
  if (tasks >= std::int64_t(1) << 31) gpu::fail("a matrix product is limited to 2^31 tiles");
  return static_cast<std::uint32_t>(tasks);
}

// Runs launch(), which fills p.partial, and what adds the slices.
template <class T, class Launch>
void run_in_slices(Product& p, const Launch& launch) {
  const std::int64_t size = std::int64_t(p.batches) * p.m * p.n;
  const gpu::Workspace<T> partial(p.slices > 1 ? p.slices * size : 0);
  p.partial = partial.data;
  launch();
  if (p.slices == 1) return;
  const std::int64_t quads = std::int64_t(p.batches) * p.m * gpu::ceil_div(p.n, 4);
  gpu::launch(add_slices_kernel<T>, {gpu::blocks_for(quads, 256), 256}, p);
}

}  // namespace
}  // namespace tilestack::cuda

#pragma once
// The second stage of column sums: what blocks summed over chunks of rows, added in order.
#include "cuda/runtime.h"

namespace tilestack::cuda {
namespace {

// to[col] = sum over chunks of partial[chunk, col], where column (t, c) of `planes` times `inner` columns goes to
// (c, t). Each warp sums a run of chunks for 32 columns, the first adds up the runs.
template <class S>
__global__ __launch_bounds__(256) void add_chunks_kernel(const Compute<S>* partial, S* to, int chunks,
                                                         std::int64_t inner, std::int64_t planes) {
  constexpr int kRuns = 8;
  GPU_SHARED(runs, Compute<S>[kRuns][32]);
  const std::int64_t col = blockIdx.x * std::int64_t(32) + gpu::lane(), cols = inner * planes;
  const int size = gpu::ceil_div(chunks, kRuns), begin = gpu::warp() * size;
  const int end = begin + size < chunks ? begin + size : chunks;
  Compute<S> sum = 0;
  if (col < cols) {
#pragma unroll 8
    for (int c = begin; c < end; ++c) sum += partial[c * cols + col];
  }
  runs[gpu::warp()][gpu::lane()] = sum;
  __syncthreads();
  if (gpu::warp() > 0 || col >= cols) return;
  for (int r = 1; r < kRuns; ++r) sum += runs[r][gpu::lane()];
  const std::int64_t plane = col / inner;
  to[(col - plane * inner) * planes + plane] = convert<S>(sum);
}

template <class S>
void add_chunks(const Compute<S>* partial, S* to, std::int64_t chunks, std::int64_t inner, std::int64_t planes = 1) {
  gpu::launch(add_chunks_kernel<S>, {static_cast<unsigned>(gpu::ceil_div(inner * planes, 32)), 256}, partial, to,
              static_cast<int>(chunks), inner, planes);
}

}  // namespace
}  // namespace tilestack::cuda

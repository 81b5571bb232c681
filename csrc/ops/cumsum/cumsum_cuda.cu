#include "ops/cumsum/cumsum.h"

#include "cuda/places.cuh"
#include "cuda/scan.cuh"

namespace tilestack::cuda {
namespace {

constexpr int kThreads = 256, kItems = 4;

// One block for each row, tile by tile.
template <class T>
__global__ void rows_kernel(const T* x, T* y, std::int64_t rows, std::int64_t n, bool reverse) {
  using C = Compute<T>;
  for (std::int64_t row = blockIdx.x; row < rows; row += gridDim.x) {
    C before = 0;
    for (std::int64_t begin = 0; begin < n; begin += kThreads * kItems) {
      C items[kItems], sum = 0, total;
      std::int64_t at[kItems];
#pragma unroll
      for (int i = 0; i < kItems; ++i) {
        const std::int64_t j = begin + std::int64_t(threadIdx.x) * kItems + i;
        at[i] = j < n ? row * n + (reverse ? n - 1 - j : j) : -1;
        items[i] = at[i] >= 0 ? to_compute(x[at[i]]) : C(0);
        sum += items[i];
      }
      C running = before + gpu::block_scan(sum, total);
#pragma unroll
      for (int i = 0; i < kItems; ++i) {
        running += items[i];
        if (at[i] >= 0) y[at[i]] = convert<T>(running);
      }
      before += total;
    }
  }
}

// One thread for each column; neighbours read neighbours.
template <class T>
__global__ void columns_kernel(const T* x, T* y, std::uint32_t columns, std::int64_t n, gpu::FastDiv by_inner,
                               bool reverse) {
  using C = Compute<T>;
  const std::int64_t inner = by_inner.divisor;
  for (std::int64_t i = gpu::global_thread(); i < columns; i += gpu::global_threads()) {
    std::uint32_t o = std::uint32_t(i);
    const std::uint32_t k = by_inner.split(o);
    const std::int64_t base = std::int64_t(o) * n * inner + k;
    C sum = 0;
    for (std::int64_t j = 0; j < n; ++j) {
      const std::int64_t at = base + (reverse ? n - 1 - j : j) * inner;
      sum += to_compute(x[at]);
      y[at] = convert<T>(sum);
    }
  }
}

void forward(View x, View y, bool reverse) {
  const std::int64_t rows = x.shape[0], n = x.shape[1], inner = x.shape[2];
  const auto run = [&]<class T>() {
    constexpr std::int64_t kShort = 16;
    if (inner == 1 && n > kShort) {
      const gpu::Launch grid{gpu::blocks_for(rows, 1), kThreads};
      return gpu::launch(rows_kernel<T>, grid, x.data<T>(), y.data<T>(), rows, n, reverse);
    }
    const std::uint32_t columns = gpu::counted("cumsum", rows * inner);
    gpu::launch(columns_kernel<T>, {gpu::blocks_for(columns, kThreads), kThreads}, x.data<T>(), y.data<T>(), columns, n,
                gpu::FastDiv(inner), reverse);
  };
  if (x.dtype == DType::int64) return run.template operator()<std::int64_t>();
  visit_float(x.dtype, run);
}

}  // namespace
const CumsumKernels cumsum = {forward};
TILESTACK_CUDA_TABLE(cumsum)
}  // namespace tilestack::cuda

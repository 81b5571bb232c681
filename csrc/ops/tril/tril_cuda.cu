#include "ops/tril/tril.h"

#include "cuda/places.cuh"

namespace tilestack::cuda {
namespace {

constexpr int kThreads = 256;

template <class T>
__global__ void triangle_kernel(const T* x, T* y, std::uint32_t n, gpu::FastDiv by_cols, gpu::FastDiv by_rows,
                                std::int64_t diagonal, bool upper) {
  for (std::int64_t i = gpu::global_thread(); i < n; i += gpu::global_threads()) {
    std::uint32_t row = std::uint32_t(i);
    const std::int64_t col = by_cols.split(row), place = col - std::int64_t(by_rows.split(row));
    y[i] = (upper ? place >= diagonal : place <= diagonal) ? x[i] : T(0);
  }
}

void forward(View x, View y, std::int64_t diagonal, bool upper) {
  const std::uint32_t n = gpu::counted("tril", x.numel());
  if (n == 0) return;
  visit_size(x.dtype, [&]<class T>() {
    gpu::launch(triangle_kernel<T>, {gpu::blocks_for(n, kThreads), kThreads}, x.data<T>(), y.data<T>(), n,
                gpu::FastDiv(x.shape[2]), gpu::FastDiv(x.shape[1]), diagonal, upper);
  });
}

}  // namespace
const TrilKernels tril = {forward};
TILESTACK_CUDA_TABLE(tril)
}  // namespace tilestack::cuda

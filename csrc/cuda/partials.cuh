#pragma once
// The second stage of reductions to one number: partial results of blocks, in double, combined by one block in a fixed
// order.
#include "cuda/gpu.h"

namespace tilestack::gpu {

constexpr int kFinishThreads = 512;

// y = finish(op of all partials and 0).
template <class T, class Op, class Finish>
__global__ void __launch_bounds__(kFinishThreads)
    finish_partials_kernel(const double* partials, std::int64_t n, T* y, Op op, Finish finish) {
  double total = 0;
#pragma unroll 4
  for (std::int64_t i = threadIdx.x; i < n; i += kFinishThreads) total = op(total, partials[i]);
  total = block_reduce(total, op);
  if (threadIdx.x == 0) *y = convert<T>(finish(total));
}

template <class Op, class Finish>
void finish_partials(const double* partials, std::int64_t n, const View& y, Op op, Finish finish) {
  visit_float(y.dtype, [&]<class T>() {
    launch(finish_partials_kernel<T, Op, Finish>, {1, kFinishThreads}, partials, n, y.data<T>(), op, finish);
  });
}

}  // namespace tilestack::gpu

#include "ops/grad_norm/grad_norm.h"

#include <cmath>

#include "cuda/multi_tensor.cuh"
#include "cuda/partials.cuh"
#include "cuda/runtime.h"

namespace tilestack::cuda {
namespace {

constexpr int kChunk = 16384;

// What a block makes of its chunk, combined by Op: squares are summed in Value, powers in double.
struct Squares {
  static constexpr int kUnroll = 4;
  using Op = gpu::Sum;
  template <class A>
  using Value = A;
  template <class A>
  __device__ A operator()(A x) const {
    return x * x;
  }
};
struct Sizes {
  static constexpr int kUnroll = 4;
  using Op = gpu::Max;
  template <class A>
  using Value = A;
  template <class A>
  __device__ A operator()(A x) const {
    return std::abs(x);
  }
};
struct Powers {
  static constexpr int kUnroll = 1;
  double p;
  using Op = gpu::Sum;
  template <class A>
  using Value = double;
  __device__ double operator()(double x) const { return p == 1 ? std::abs(x) : std::pow(std::abs(x), p); }
};

template <class T, class F>
__global__ void __launch_bounds__(gpu::kListThreads)
    chunk_kernel(const __grid_constant__ gpu::TensorBatch<1> batch, F f, double* partials) {
  using V = typename F::template Value<Compute<T>>;
  constexpr int kWidth = 16 / int(sizeof(V));
  const typename F::Op op;
  const gpu::ListChunk chunk(batch, kChunk);
  const int whole = gpu::whole<kWidth>(batch.aligned[chunk.tensor]);
  const T* x = static_cast<const T*>(batch.pointers[0][chunk.tensor]) + chunk.begin;
  gpu::Pack<V, kWidth> totals = {};
#pragma unroll F::kUnroll
  for (int i = threadIdx.x * kWidth; i < chunk.count; i += gpu::kListThreads * kWidth) {
    const auto values = gpu::load_first<kWidth>(x + i, chunk.count - i, whole);  // zeros at the end count nothing
#pragma unroll
    for (int k = 0; k < kWidth; ++k) totals[k] = op(totals[k], f(V(to_compute(values[k]))));
  }
  V total = totals[0];
#pragma unroll
  for (int k = 1; k < kWidth; ++k) total = op(total, totals[k]);
  total = gpu::block_reduce(total, op);
  if (threadIdx.x == 0) partials[blockIdx.x] = total;
}

constexpr DType kFloats[] = {DType::float32, DType::float64, DType::bfloat16, DType::float16};

template <class F>
void reduce_chunks(const View* xs, std::int64_t count, F f, double* partials) {
  for (const DType dtype : kFloats) {
    visit_float(dtype, [&]<class T>() {
      gpu::for_each_batch<1>({xs}, count, dtype, kChunk, [&](const gpu::TensorBatch<1>& batch, unsigned blocks) {
        gpu::launch(chunk_kernel<T, F>, {blocks, gpu::kListThreads}, batch, f, partials);
        partials += blocks;
      });
    });
  }
}

struct Root {
  double p;
  __device__ double operator()(double total) const {
    return p == 2 ? std::sqrt(total) : p == 1 || std::isinf(p) ? total : std::pow(total, 1 / p);
  }
};

void forward(const View* xs, std::int64_t count, View y, double p) {
  std::int64_t blocks = 0;
  for (std::int64_t k = 0; k < count; ++k) blocks += gpu::ceil_div(xs[k].numel(), std::int64_t(kChunk));
  const gpu::Workspace<double> partials(blocks);
  if (std::isinf(p)) {
    reduce_chunks(xs, count, Sizes(), partials);
    gpu::finish_partials(partials.data, blocks, y, gpu::Max(), Root{p});
  } else {
    p == 2 ? reduce_chunks(xs, count, Squares(), partials) : reduce_chunks(xs, count, Powers{p}, partials);
    gpu::finish_partials(partials.data, blocks, y, gpu::Sum(), Root{p});
  }
}

}  // namespace
const GradNormKernels grad_norm = {forward};
TILESTACK_CUDA_TABLE(grad_norm)
}  // namespace tilestack::cuda

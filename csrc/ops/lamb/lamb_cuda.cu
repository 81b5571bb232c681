#include "ops/lamb/lamb.h"

#include "cuda/update_each.cuh"
#include "ops/lamb/formula.h"

namespace tilestack::cuda {
namespace {

// Of a parameter and of its direction.
struct Squares {
  double param, direction;
};

template <class T, bool kMaster>
using Chunk = gpu::UpdateChunk<T, 2, true, kMaster>;

// Moves the moments of a chunk, and sums squares.
template <class T, bool kMaster>
__global__ void __launch_bounds__(gpu::kListThreads)
    moments_kernel(const __grid_constant__ typename Chunk<T, kMaster>::Batch batch,
                   gpu::Changing<Lamb<Compute<T>>> given, Squares* squares) {
  using A = Compute<T>;
  constexpr int kWidth = Chunk<T, kMaster>::kWidth;
  const Lamb<A> lamb = given.get();
  const Chunk<T, kMaster> chunk(batch);
  A params = 0, directions = 0;
  chunk.for_each([&](int i, int count) {
    const gpu::Pack<A, kWidth> p = chunk.load_param(i, count), gradient = chunk.load_grad(i, count);
    gpu::Pack<A, kWidth> m = gpu::load_first<kWidth>(chunk.state(0) + i, count, chunk.whole);
    gpu::Pack<A, kWidth> v = gpu::load_first<kWidth>(chunk.state(1) + i, count, chunk.whole);
#pragma unroll
    for (int k = 0; k < kWidth; ++k) {
      lamb.move_moments(gradient[k], m[k], v[k]);
      const A d = k < count ? lamb.direction(p[k], m[k], v[k]) : A(0);
      params += p[k] * p[k];
      directions += d * d;
    }
    gpu::store_first(chunk.state(0) + i, m, count, chunk.whole);
    gpu::store_first(chunk.state(1) + i, v, count, chunk.whole);
  });
  const double param = block_sum(double(params)), direction = block_sum(double(directions));
  if (threadIdx.x == 0) squares[blockIdx.x] = {param, direction};
}

// One block for each tensor: the ratio of its norms, from what the blocks of its chunks found.
template <int kLists>
__global__ void __launch_bounds__(gpu::kListThreads)
    ratio_kernel(const __grid_constant__ gpu::TensorBatch<kLists> batch, const Squares* squares, double* ratios) {
  double param = 0, direction = 0;
  for (unsigned i = batch.first[blockIdx.x] + threadIdx.x; i < batch.first[blockIdx.x + 1]; i += gpu::kListThreads) {
    param += squares[i].param;
    direction += squares[i].direction;
  }
  param = block_sum(param);
  direction = block_sum(direction);
  if (threadIdx.x == 0) ratios[blockIdx.x] = param > 0 && direction > 0 ? std::sqrt(param / direction) : 1;
}

template <class T, bool kMaster>
__global__ void __launch_bounds__(gpu::kListThreads)
    params_kernel(const __grid_constant__ typename Chunk<T, kMaster>::Batch batch,
                  gpu::Changing<Lamb<Compute<T>>> given, const double* ratios) {
  using A = Compute<T>;
  constexpr int kWidth = Chunk<T, kMaster>::kWidth;
  const Lamb<A> lamb = given.get();
  const Chunk<T, kMaster> chunk(batch);
  const A lr = lamb.lr * static_cast<A>(ratios[chunk.chunk.tensor]);
  chunk.for_each([&](int i, int count) {
    gpu::Pack<A, kWidth> p = chunk.load_param(i, count);
    const gpu::Pack<A, kWidth> m = gpu::load_first<kWidth>(chunk.state(0) + i, count, chunk.whole);
    const gpu::Pack<A, kWidth> v = gpu::load_first<kWidth>(chunk.state(1) + i, count, chunk.whole);
#pragma unroll
    for (int k = 0; k < kWidth; ++k) p[k] -= lr * lamb.direction(p[k], m[k], v[k]);
    chunk.store_param(i, count, p);
  });
}

void step(const UpdateLists& lists, LambStep options) {
  gpu::for_each_dtype(lists.params, lists.count, [&]<class T>() {
    const auto lamb = gpu::changing(Lamb<Compute<T>>(options));
    if (gpu::is_refreshing()) return;
    const auto run = [&]<bool kMaster>(const auto& all) {
      gpu::for_each_batch(all, lists.count, dtype_of<T>, gpu::kUpdateChunk, [&](const auto& batch, unsigned blocks) {
        const gpu::Workspace<Squares> squares(blocks);
        const gpu::Workspace<double> ratios(batch.count);
        gpu::launch(moments_kernel<T, kMaster>, {blocks, gpu::kListThreads}, batch, lamb, squares.data);
        gpu::launch(ratio_kernel<4 + kMaster>, {unsigned(batch.count), gpu::kListThreads}, batch, squares.data,
                    ratios.data);
        gpu::launch(params_kernel<T, kMaster>, {blocks, gpu::kListThreads}, batch, lamb, ratios.data);
      });
    };
    const View *const *s = lists.states, *p = lists.params, *g = lists.grads;
    if constexpr (sizeof(T) == 2) {
      const View* const all[] = {p, g, lists.masters, s[0], s[1]};
      if (lists.masters) return run.template operator()<true>(all);
    }
    const View* const all[] = {p, g, s[0], s[1]};
    run.template operator()<false>(all);
  });
}

}  // namespace
const UpdateKernels<LambStep> lamb = {step};
TILESTACK_CUDA_TABLE(lamb)
}  // namespace tilestack::cuda

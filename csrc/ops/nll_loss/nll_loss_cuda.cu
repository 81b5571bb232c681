#include "ops/nll_loss/nll_loss.h"

#include "cuda/class_loss.cuh"
#include "cuda/rows.cuh"

namespace tilestack::cuda {
namespace {

constexpr int kThreads = 256;

template <class T>
__global__ void __launch_bounds__(kThreads)
    forward_kernel(const T* x, ClassTargets targets, const T* weight, Compute<T>* losses, Compute<T>* weights, T* y,
                   std::int64_t rows) {
  using A = Compute<T>;
  for (std::int64_t row = gpu::global_thread(); row < rows; row += gpu::global_threads()) {
    const std::int64_t c = targets.at(row);
    const A w = c < 0 ? A(0) : weight_of(weight, c);
    const A loss = c < 0 ? A(0) : -w * to_compute(x[row * targets.classes + c]);
    weights[row] = w;
    losses[row] = loss;
    if (y) y[row] = convert<T>(loss);
  }
}

std::int64_t forward(View x, View target, View weight, View total, View y, ClassLossOptions options) {
  const std::int64_t rows = x.shape[0];
  visit_float(x.dtype, [&]<class T>() {
    using A = Compute<T>;
    const gpu::Workspace<A> losses(rows), weights(rows);
    gpu::launch(forward_kernel<T>, {gpu::blocks_for(rows, kThreads), kThreads}, x.data<const T>(),
                ClassTargets("nll_loss", target, x.shape[1], options), weight.data<const T>(), losses.data,
                weights.data, options.reduction == LossReduction::none ? y.data<T>() : nullptr, rows);
    sum_losses<T>(losses, weights, rows, total, y, options.reduction);
  });
  return -1;
}

// A team for each row.
template <class T>
__global__ void __launch_bounds__(gpu::kTeamThreads)
    backward_kernel(ClassTargets targets, const T* weight, LossScale<T> scale, T* dx, int whole, gpu::RowTeams teams) {
  constexpr int V = gpu::kPack<T>;
  const gpu::TeamMember me(teams);
  if (me.row >= teams.rows) return;
  const std::int64_t c = targets.at(me.row);
  const T value = convert<T>(c < 0 ? Compute<T>(0) : -scale.at(me.row) * weight_of(weight, c));
  gpu::for_vectors<0, V>(teams.cols, me, [&](int, int i, int count) {
    gpu::Pack<T, V> v;
#pragma unroll
    for (int k = 0; k < V; ++k) v[k] = i + k == c ? value : T{};
    gpu::store_first(dx + me.row * teams.cols + i, v, count, whole);
  });
}

void backward(View target, View weight, View total, View dy, View dx, ClassLossOptions options) {
  if (dx.numel() == 0) return;
  visit_float(dx.dtype, [&]<class T>() {
    constexpr int V = gpu::kPack<T>;
    const gpu::RowTeams teams(dx.shape[0], dx.shape[1], V);
    gpu::launch(backward_kernel<T>, {teams.blocks(), unsigned(teams.threads)},
                ClassTargets("nll_loss", target, dx.shape[1], options), weight.data<const T>(),
                LossScale<T>{dy.data<const T>(), total.data<const Compute<T>>(), options.reduction}, dx.data<T>(),
                gpu::whole_in_rows<V>(dx.data<T>(), teams.cols), teams);
  });
}

}  // namespace
const NllLossKernels nll_loss = {forward, backward};
TILESTACK_CUDA_TABLE(nll_loss)
}  // namespace tilestack::cuda

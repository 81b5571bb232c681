#pragma once
// The kernels of a pointwise loss F: its loss(x, t) and slope(x, t) take numbers.
#include "core/loss.h"
#include "cuda/elementwise.cuh"
#include "cuda/partials.cuh"
#include "cuda/ragged.cuh"
#include "cuda/runtime.h"

namespace tilestack::gpu {

template <class F>
struct EachLoss {
  static constexpr int kCopies = 8;
  F f;
  template <class T>
  __device__ T operator()(T x, T t) const {
    return f.loss(x, t);
  }
};

template <class F>
struct EachSlope {
  static constexpr int kCopies = 8;
  F f;
  double scale;
  template <class T>
  __device__ T operator()(T x, T t, T dy) const {
    return f.slope(x, t) * (T(scale) * dy);
  }
};

constexpr int kLossThreads = 256;
constexpr std::int64_t kLossBlocks = 2048;

// A block sums `chunk` losses: each thread every 256th vector, element by element, then the block its threads.
template <class F, class T>
__global__ void __launch_bounds__(kLossThreads)
    sum_losses_kernel(F f, const T* x, const T* t, std::int64_t n, std::int64_t chunk, bool aligned, double* partials) {
  using A = Compute<T>;
  constexpr int kWidth = kPack<T>;
  const std::int64_t begin = blockIdx.x * chunk;
  const int count = static_cast<int>(begin + chunk < n ? chunk : n - begin), whole = gpu::whole<kWidth>(aligned);
  x += begin;
  t += begin;
  Pack<A, kWidth> sums = {};
  for (int i = threadIdx.x * kWidth; i < count; i += kLossThreads * kWidth) {
    const auto a = convert_pack<A>(load_first<kWidth>(x + i, count - i, whole)),
               b = convert_pack<A>(load_first<kWidth>(t + i, count - i, whole));
#pragma unroll
    for (int k = 0; k < kWidth; ++k) sums[k] += i + k < count ? f.loss(a[k], b[k]) : A{};
  }
  A sum = 0;
#pragma unroll
  for (int k = 0; k < kWidth; ++k) sum += sums[k];
  sum = block_sum(sum);
  if (threadIdx.x == 0) partials[blockIdx.x] = sum;
}

struct OverCount {
  double count;
  __device__ double operator()(double total) const { return total / count; }
};

template <class F>
void pointwise_forward(View x, View t, View y, LossReduction reduction, double parameter) {
  const F f = make_loss<F>(parameter);
  const std::int64_t n = x.numel();
  if (reduction == LossReduction::none)
    return visit_float(x.dtype, [&]<class T>() { map<T(T, T)>(EachLoss<F>{f}, y, x, t); });
  const std::int64_t least = 16 * kLossThreads, each = ceil_div(n, kLossBlocks);
  const std::int64_t chunk = each < least ? least : ceil_div(each, least) * least, blocks = ceil_div(n, chunk);
  const Workspace<double> partials(blocks);
  const bool aligned = is_aligned(x.pointer, 16) && is_aligned(t.pointer, 16);
  visit_float(x.dtype, [&]<class T>() {
    launch(sum_losses_kernel<F, T>, {static_cast<unsigned>(blocks), kLossThreads}, f, x.data<T>(), t.data<T>(), n,
           chunk, aligned, partials.data);
  });
  const OverCount finish{reduction == LossReduction::mean ? double(n) : 1};
  finish_partials(partials.data, blocks, y, Sum(), finish);
}

template <class F>
void pointwise_backward(View x, View t, View dy, View dx, double scale, double parameter) {
  if (dy.ndim != x.ndim) {  // one number
    dy.ndim = x.ndim;
    for (int d = 0; d < x.ndim; ++d) {
      dy.shape[d] = x.shape[d];
      dy.strides[d] = 0;
    }
  }
  visit_float(x.dtype, [&]<class T>() { map<T(T, T, T)>(EachSlope<F>{make_loss<F>(parameter), scale}, dx, x, t, dy); });
}

}  // namespace tilestack::gpu

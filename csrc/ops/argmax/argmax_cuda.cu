#include "ops/argmax/argmax.h"

#include "cuda/extremes.cuh"

namespace tilestack::cuda {
namespace {

template <class A>
struct Found {
  A value;
  std::int64_t index;
};

// The largest value and where it is first. A NaN wins over every number.
template <class A>
struct First : Combination<First<A>, Found<A>, Found<A>> {
  static constexpr auto kNone = std::int64_t(~std::uint64_t(0) >> 1);
  __device__ static Found<A> identity() { return {lowest<A>(), kNone}; }
  __device__ __forceinline__ static Found<A> combine(const Found<A>& a, const Found<A>& b) {
    if (same(a.value, b.value)) return {a.value, a.index < b.index ? a.index : b.index};
    return a.value > b.value || a.value != a.value ? a : b;
  }
  // Positions of a thread come in order.
  template <class Present>
  __device__ __forceinline__ static void take(Found<A>& acc, const Found<A> (&v)[kReduceUnroll],
                                              const Present& present) {
#pragma unroll
    for (int q = 0; q < kReduceUnroll; ++q) {
      const A value = v[q].value;
      if (present(q) && (value > acc.value || (value != value && acc.value == acc.value) || acc.index == kNone))
        acc = v[q];
    }
  }
};

struct Located {
  bool smallest;
  __device__ Located at(std::int64_t) const { return *this; }
  template <class A>
  __device__ Found<Accumulator<A>> operator()(std::int64_t i, A x) const {
    return {Accumulator<A>(flipped(x, smallest)), i};
  }
};

template <class T>
struct Store {
  T* values;
  std::int64_t* indices;
  bool smallest;
  __device__ void operator()(std::int64_t at, const Found<Accumulator<T>>& found) const {
    values[at] = convert<T>(flipped(found.value, smallest));
    indices[at] = found.index;
  }
};

void forward(View x, View values, View indices, bool smallest) {
  const ReducePlan plan(x, values);
  visit_all(x.dtype, [&]<class S>() {
    using T = Stored<S>;
    reduce<First<Accumulator<T>>>(plan, {x.data<const T>()}, Located{smallest},
                                  Store<T>{values.data<T>(), indices.data<std::int64_t>(), smallest});
  });
}

// A thread for each result.
template <class T>
__global__ void scatter_kernel(const std::int64_t* indices, const T* dy, T* dx, AxisOffsets kept, std::int64_t outputs,
                               std::int64_t cols, std::int64_t inner_y, std::int64_t stride) {
  for (std::int64_t i = gpu::global_thread(); i < outputs; i += gpu::global_threads()) {
    const std::int64_t position = cols == 1 ? i : i / cols, j = i - position * cols;
    const Offsets at = kept.find(position);
    const std::int64_t from = at.y + j * inner_y;
    dx[at.x + j + indices[from] * stride] = dy[from];
  }
}

void backward(View indices, View dy, View dx, int dim) {
  const ReducePlan plan(dx, dy);
  const std::int64_t outputs = plan.outputs(), stride = dx.ndim ? dx.strides[dim] : 0;
  gpu::check(cudaMemsetAsync(dx.pointer, 0, std::size_t(dx.numel()) * size_of(dx.dtype), gpu::current_stream()),
             "cudaMemsetAsync");
  visit_size(dx.dtype, [&]<class T>() {
    gpu::launch(scatter_kernel<T>, {gpu::blocks_for(outputs, kReduceThreads), kReduceThreads},
                indices.data<const std::int64_t>(), dy.data<const T>(), dx.data<T>(), AxisOffsets(plan.kept), outputs,
                plan.rows ? 1 : plan.length, plan.inner_y, stride);
  });
}

}  // namespace
const ArgmaxKernels argmax = {forward, backward};
TILESTACK_CUDA_TABLE(argmax)
}  // namespace tilestack::cuda

#include "ops/scale/scale.h"

#include "cuda/multi_tensor.cuh"
#include "cuda/runtime.h"

namespace tilestack::cuda {
namespace {

template <class A>
struct Product {
  A factor;
  __device__ void operator()(A& x, A, A (&)[1]) const { x *= factor; }
};

// The factor, from the host or from where the GPU has it.
template <class A>
struct Scaled {
  View given;
  A number;
  __device__ Product<A> get() const {
    if (given.on_host) return {number};
    return {given.dtype == DType::float64 ? static_cast<A>(*given.data<double>())
                                          : static_cast<A>(*given.data<float>())};
  }
};

void forward(const View* xs, std::int64_t count, View factor) {
  gpu::for_each_dtype(xs, count, [&]<class T>() {
    using A = Compute<T>;
    const Scaled<A> product = {factor, factor.on_host ? static_cast<A>(*factor.data<double>()) : A(0)};
    gpu::launch_updates<T, 0, false, false>({xs}, count, product);
  });
}

}  // namespace
const ScaleKernels scale = {forward};
TILESTACK_CUDA_TABLE(scale)
}  // namespace tilestack::cuda

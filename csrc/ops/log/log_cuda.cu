#include "ops/log/log.h"

#include "cuda/elementwise.cuh"
#include "cuda/math.cuh"
#include "cuda/runtime.h"

namespace tilestack::cuda {
namespace {

struct Forward {
  static constexpr int kCopies = 8;
  template <class T>
  __device__ T operator()(T x) const {
    return std::log(x);
  }
};

struct Backward {
  template <class T>
  __device__ T operator()(T x, T dy) const {
    return dy / x;
  }
};

void forward(View x, View y) {
  visit_float(x.dtype, [&]<class T>() { gpu::map<T(T)>(Forward(), y, x); });
}

void backward(View x, View dy, View dx) {
  visit_float(x.dtype, [&]<class T>() { gpu::map<T(T, T)>(Backward(), dx, x, dy); });
}

}  // namespace
const UnaryKernels log = {forward, backward};
TILESTACK_CUDA_TABLE(log)
}  // namespace tilestack::cuda

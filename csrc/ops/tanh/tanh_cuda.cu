#include "ops/tanh/tanh.h"

#include "cuda/elementwise.cuh"
#include "cuda/math.cuh"
#include "cuda/runtime.h"

namespace tilestack::cuda {
namespace {

struct Forward {
  static constexpr int kCopies = 8;
  template <class T>
  __device__ T operator()(T x) const {
    return std::tanh(x);
  }
};

struct Backward {
  template <class T>
  __device__ T operator()(T y, T dy) const {
    return dy * (T(1) - y * y);
  }
};

void forward(View x, View y) {
  visit_float(x.dtype, [&]<class T>() { gpu::map<T(T)>(Forward(), y, x); });
}

void backward(View y, View dy, View dx) {
  visit_float(y.dtype, [&]<class T>() { gpu::map<T(T, T)>(Backward(), dx, y, dy); });
}

}  // namespace
const UnaryKernels tanh = {forward, backward};
TILESTACK_CUDA_TABLE(tanh)
}  // namespace tilestack::cuda

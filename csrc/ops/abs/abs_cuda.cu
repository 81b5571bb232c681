#include "ops/abs/abs.h"

#include "cuda/elementwise.cuh"
#include "cuda/runtime.h"

namespace tilestack::cuda {
namespace {

struct Forward {
  template <class T>
  __device__ T operator()(T x) const {
    return static_cast<T>(x > T(0) ? x : T(0) - x);
  }
};

struct Backward {
  template <class T>
  __device__ T operator()(T x, T dy) const {
    return x > T(0) ? dy : (x < T(0) ? -dy : x * T(0));
  }
};

void forward(View x, View y) {
  visit_number(x.dtype, [&]<class T>() { gpu::map<T(T)>(Forward(), y, x); });
}

void backward(View x, View dy, View dx) {
  visit_float(x.dtype, [&]<class T>() { gpu::map<T(T, T)>(Backward(), dx, x, dy); });
}

}  // namespace
const UnaryKernels abs = {forward, backward};
TILESTACK_CUDA_TABLE(abs)
}  // namespace tilestack::cuda

#include "ops/relu/relu.h"

#include "cuda/elementwise.cuh"
#include "cuda/runtime.h"

namespace tilestack::cuda {
namespace {

struct Forward {
  template <class T>
  __device__ T operator()(T x) const {
    return x < T(0) ? T(0) : x;
  }
};

struct Backward {
  template <class T>
  __device__ T operator()(T y, T dy) const {
    return y <= T(0) ? T(0) : dy;
  }
};

void forward(View x, View y) {
  visit_number(x.dtype, [&]<class T>() { gpu::map<T(T)>(Forward(), y, x); });
}

void backward(View y, View dy, View dx) {
  visit_float(y.dtype, [&]<class T>() { gpu::map<T(T, T)>(Backward(), dx, y, dy); });
}

}  // namespace
const UnaryKernels relu = {forward, backward};
TILESTACK_CUDA_TABLE(relu)
}  // namespace tilestack::cuda

#include "ops/div/div.h"

#include "cuda/elementwise.cuh"
#include "cuda/runtime.h"

namespace tilestack::cuda {
namespace {

struct Quotient {
  template <class T>
  __device__ T operator()(T a, T b) const {
    return a / b;
  }
};

struct BackwardB {
  template <class T>
  __device__ T operator()(T a, T b, T dy) const {
    return -(dy / b) * (a / b);  // b^2 might overflow
  }
};

void forward(View a, View b, View y) {
  visit_float(y.dtype, [&]<class T>() { gpu::map<T(T, T)>(Quotient(), y, a, b); });
}

void backward_a(View, View b, View dy, View da) { forward(dy, b, da); }

void backward_b(View a, View b, View dy, View db) {
  visit_float(dy.dtype, [&]<class T>() { gpu::map<T(T, T, T)>(BackwardB(), db, a, b, dy); });
}

}  // namespace
const BinaryKernels div = {forward, backward_a, backward_b};
TILESTACK_CUDA_TABLE(div)
}  // namespace tilestack::cuda

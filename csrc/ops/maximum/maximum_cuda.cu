#include "ops/maximum/maximum.h"

#include "cuda/elementwise.cuh"
#include "cuda/runtime.h"

namespace tilestack::cuda {
namespace {

// NaN if either is.
struct Larger {
  template <class T>
  __device__ T operator()(T a, T b) const {
    return a > b || a != a ? a : b;
  }
  __device__ bool operator()(bool a, bool b) const { return a || b; }
};

struct BackwardA {
  template <class T>
  __device__ T operator()(T a, T b, T dy) const {
    return a < b ? T(0) : (a == b ? dy * T(0.5) : dy);
  }
};

void forward(View a, View b, View y) {
  visit_all(y.dtype, [&]<class T>() { gpu::map<T(T, T)>(Larger(), y, a, b); });
}

void backward_a(View a, View b, View dy, View da) {
  visit_float(dy.dtype, [&]<class T>() { gpu::map<T(T, T, T)>(BackwardA(), da, a, b, dy); });
}

void backward_b(View a, View b, View dy, View db) { backward_a(b, a, dy, db); }

}  // namespace
const BinaryKernels maximum = {forward, backward_a, backward_b};
TILESTACK_CUDA_TABLE(maximum)
}  // namespace tilestack::cuda

#include "ops/clamp/clamp.h"

#include "cuda/elementwise.cuh"
#include "cuda/runtime.h"

namespace tilestack::cuda {
namespace {

struct Forward {
  template <class T>
  __device__ T operator()(T x, T low, T high) const {
    const T above = x < low ? low : x;
    return above > high ? high : above;
  }
};

struct Backward {
  template <class T>
  __device__ T operator()(T x, T low, T high, T dy) const {
    return x >= low && x <= high ? dy : T(0);
  }
};

void forward(View x, View low, View high, View y) {
  visit_number(y.dtype, [&]<class T>() { gpu::map<T(T, T, T)>(Forward(), y, x, low, high); });
}

void backward(View x, View low, View high, View dy, View dx) {
  visit_float(x.dtype, [&]<class T>() { gpu::map<T(T, T, T, T)>(Backward(), dx, x, low, high, dy); });
}

}  // namespace
const ClampKernels clamp = {forward, backward};
TILESTACK_CUDA_TABLE(clamp)
}  // namespace tilestack::cuda

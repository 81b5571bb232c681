#include "ops/neg/neg.h"

#include "cuda/elementwise.cuh"
#include "cuda/runtime.h"

namespace tilestack::cuda {
namespace {

struct Minus {
  template <class T>
  __device__ T operator()(T x) const {
    return static_cast<T>(-x);
  }
};

void forward(View x, View y) {
  gpu::visit_wrapping(x.dtype, [&]<class T>() { gpu::map<T(T)>(Minus(), y, x); });
}

}  // namespace
const UnaryMap neg = {forward};
TILESTACK_CUDA_TABLE(neg)
}  // namespace tilestack::cuda

#include "ops/sub/sub.h"

#include "cuda/elementwise.cuh"
#include "cuda/runtime.h"

namespace tilestack::cuda {
namespace {

struct Difference {
  template <class T>
  __device__ T operator()(T a, T b) const {
    return static_cast<T>(a - b);
  }
};

void forward(View a, View b, View y) {
  gpu::visit_wrapping(y.dtype, [&]<class T>() { gpu::map<T(T, T)>(Difference(), y, a, b); });
}

}  // namespace
const BinaryMap sub = {forward};
TILESTACK_CUDA_TABLE(sub)
}  // namespace tilestack::cuda

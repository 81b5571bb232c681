#include "ops/bitwise_and/bitwise_and.h"

#include "cuda/elementwise.cuh"
#include "cuda/runtime.h"

namespace tilestack::cuda {
namespace {

struct And {
  template <class T>
  __device__ T operator()(T a, T b) const {
    return static_cast<T>(a & b);
  }
};

void forward(View a, View b, View y) {
  visit_size(y.dtype, [&]<class T>() { gpu::map<T(T, T)>(And(), y, a, b); });
}

}  // namespace
const BinaryMap bitwise_and = {forward};
TILESTACK_CUDA_TABLE(bitwise_and)
}  // namespace tilestack::cuda

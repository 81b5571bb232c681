#include "ops/bitwise_or/bitwise_or.h"

#include "cuda/elementwise.cuh"
#include "cuda/runtime.h"

namespace tilestack::cuda {
namespace {

struct Or {
  template <class T>
  __device__ T operator()(T a, T b) const {
    return static_cast<T>(a | b);
  }
};

void forward(View a, View b, View y) {
  visit_size(y.dtype, [&]<class T>() { gpu::map<T(T, T)>(Or(), y, a, b); });
}

}  // namespace
const BinaryMap bitwise_or = {forward};
TILESTACK_CUDA_TABLE(bitwise_or)
}  // namespace tilestack::cuda

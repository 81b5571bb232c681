#include "ops/bitwise_xor/bitwise_xor.h"

#include "cuda/elementwise.cuh"
#include "cuda/runtime.h"

namespace tilestack::cuda {
namespace {

struct Xor {
  template <class T>
  __device__ T operator()(T a, T b) const {
    return static_cast<T>(a ^ b);
  }
};

void forward(View a, View b, View y) {
  visit_size(y.dtype, [&]<class T>() { gpu::map<T(T, T)>(Xor(), y, a, b); });
}

}  // namespace
const BinaryMap bitwise_xor = {forward};
TILESTACK_CUDA_TABLE(bitwise_xor)
}  // namespace tilestack::cuda

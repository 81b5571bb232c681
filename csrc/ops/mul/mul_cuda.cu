#include "ops/mul/mul.h"

#include "cuda/elementwise.cuh"
#include "cuda/runtime.h"

namespace tilestack::cuda {
namespace {

struct Product {
  template <class T>
  __device__ T operator()(T a, T b) const {
    return static_cast<T>(a * b);
  }
  __device__ bool operator()(bool a, bool b) const { return a && b; }
};

void forward(View a, View b, View y) {
  if (y.dtype == DType::bool_) return gpu::map<bool(bool, bool)>(Product(), y, a, b);
  gpu::visit_wrapping(y.dtype, [&]<class T>() { gpu::map<T(T, T)>(Product(), y, a, b); });
}

}  // namespace
const BinaryMap mul = {forward};
TILESTACK_CUDA_TABLE(mul)
}  // namespace tilestack::cuda

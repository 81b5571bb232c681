#include "ops/eq/eq.h"

#include "cuda/elementwise.cuh"
#include "cuda/runtime.h"

namespace tilestack::cuda {
namespace {

struct Equal {
  template <class T>
  __device__ bool operator()(T a, T b) const {
    return a == b;
  }
};

void forward(View a, View b, View y) {
  gpu::visit_wrapping(gpu::dtype_of_tensors(a, b), [&]<class T>() { gpu::map<bool(T, T)>(Equal(), y, a, b); });
}

}  // namespace
const BinaryMap eq = {forward};
TILESTACK_CUDA_TABLE(eq)
}  // namespace tilestack::cuda

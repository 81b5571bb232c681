#include "ops/ne/ne.h"

#include "cuda/elementwise.cuh"
#include "cuda/runtime.h"

namespace tilestack::cuda {
namespace {

struct NotEqual {
  template <class T>
  __device__ bool operator()(T a, T b) const {
    return a != b;
  }
};

void forward(View a, View b, View y) {
  gpu::visit_wrapping(gpu::dtype_of_tensors(a, b), [&]<class T>() { gpu::map<bool(T, T)>(NotEqual(), y, a, b); });
}

}  // namespace
const BinaryMap ne = {forward};
TILESTACK_CUDA_TABLE(ne)
}  // namespace tilestack::cuda

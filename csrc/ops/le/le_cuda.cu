#include "ops/le/le.h"

#include "cuda/elementwise.cuh"
#include "cuda/runtime.h"

namespace tilestack::cuda {
namespace {

struct LessOrEqual {
  template <class T>
  __device__ bool operator()(T a, T b) const {
    return a <= b;
  }
};

void forward(View a, View b, View y) {
  gpu::visit_ordered(gpu::dtype_of_tensors(a, b), [&]<class T>() { gpu::map<bool(T, T)>(LessOrEqual(), y, a, b); });
}

}  // namespace
const BinaryMap le = {forward};
TILESTACK_CUDA_TABLE(le)
}  // namespace tilestack::cuda

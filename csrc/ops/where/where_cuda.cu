#include "ops/where/where.h"

#include "cuda/elementwise.cuh"
#include "cuda/runtime.h"

namespace tilestack::cuda {
namespace {

struct Choice {
  template <class T>
  __device__ T operator()(bool condition, T a, T b) const {
    return condition ? a : b;
  }
};

void forward(View condition, View a, View b, View y) {
  visit_size(y.dtype, [&]<class T>() { gpu::map<T(bool, T, T)>(Choice(), y, condition, a, b); });
}

}  // namespace
const WhereKernels where = {forward};
TILESTACK_CUDA_TABLE(where)
}  // namespace tilestack::cuda

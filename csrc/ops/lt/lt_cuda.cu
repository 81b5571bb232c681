#include "ops/lt/lt.h"

#include "cuda/elementwise.cuh"
#include "cuda/runtime.h"

namespace tilestack::cuda {
namespace {

struct Less {
  template <class T>
  __device__ bool operator()(T a, T b) const {
    return a < b;
  }
};

void forward(View a, View b, View y) {
  gpu::visit_ordered(gpu::dtype_of_tensors(a, b), [&]<class T>() { gpu::map<bool(T, T)>(Less(), y, a, b); });
}

}  // namespace
const BinaryMap lt = {forward};
TILESTACK_CUDA_TABLE(lt)
}  // namespace tilestack::cuda

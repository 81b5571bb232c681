#include "ops/sign/sign.h"

#include "cuda/elementwise.cuh"
#include "cuda/runtime.h"

namespace tilestack::cuda {
namespace {

struct Forward {
  template <class T>
  __device__ T operator()(T x) const {
    return static_cast<T>((x > T(0)) - (x < T(0)));
  }
};

void forward(View x, View y) {
  visit_number(x.dtype, [&]<class T>() { gpu::map<T(T)>(Forward(), y, x); });
}

}  // namespace
const UnaryMap sign = {forward};
TILESTACK_CUDA_TABLE(sign)
}  // namespace tilestack::cuda

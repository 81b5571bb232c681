#include "ops/norm/norm.h"

#include "cuda/elementwise.cuh"
#include "cuda/reduce.cuh"

namespace tilestack::cuda {
namespace {

struct Squared : Stateless<Squared> {
  template <class A>
  __device__ A operator()(std::int64_t, A x) const {
    return x * x;
  }
};

template <class A>
struct Root {
  A* y;
  __device__ void operator()(std::int64_t at, double total) const { y[at] = A(sqrt(total)); }
};

void forward(View x, View y) {
  const ReducePlan plan(x, y);
  visit_float(x.dtype, [&]<class T>() {
    using A = Compute<T>;
    reduce<Add<A>>(plan, {x.data<const T>()}, Squared(), Root<A>{y.data<A>()});
  });
}

struct Backward {
  template <class A>
  __device__ A operator()(A x, A y, A dy) const {
    return y == 0 ? A(0) : x * (dy / y);
  }
};

void backward(View x, View y, View dy, View dx) {
  visit_float(x.dtype,
              [&]<class T>() { gpu::map<T(T, Compute<T>, T)>(Backward(), dx, x, repeated(y, x), repeated(dy, x)); });
}

}  // namespace
const NormKernels norm = {forward, backward};
TILESTACK_CUDA_TABLE(norm)
}  // namespace tilestack::cuda

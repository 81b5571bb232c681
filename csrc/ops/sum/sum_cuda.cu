#include "cuda/elementwise.cuh"
#include "cuda/reduce.cuh"
#include "ops/sum/sum.h"

namespace tilestack::cuda {
namespace {

template <class T>
struct Scaled {
  T* y;
  double scale;
  __device__ void operator()(std::int64_t at, double total) const { y[at] = convert<T>(total * scale); }
};

struct Integer {
  std::int64_t* y;
  __device__ void operator()(std::int64_t at, std::int64_t total) const { y[at] = total; }
};

void forward(View x, View y, double scale) {
  const ReducePlan plan(x, y);
  visit_all(x.dtype, [&]<class S>() {
    using T = Stored<S>;
    if constexpr (kIsFloat<T>) {
      reduce<Add<Compute<T>>>(plan, {x.data<const T>()}, Itself(), Scaled<T>{y.data<T>(), scale});
    } else {
      reduce<Add<std::int64_t>>(plan, {x.data<const T>()}, Itself(), Integer{y.data<std::int64_t>()});
    }
  });
}

struct Product {
  double scale;
  template <class A>
  __device__ A operator()(A dy) const {
    return dy * A(scale);
  }
};

void backward(View dy, View dx, double scale) {
  visit_float(dx.dtype, [&]<class T>() { gpu::map<T(T)>(Product{scale}, dx, repeated(dy, dx)); });
}

}  // namespace
const SumKernels sum = {forward, backward};
TILESTACK_CUDA_TABLE(sum)
}  // namespace tilestack::cuda

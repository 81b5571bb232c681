#include "ops/var/var.h"

#include "cuda/elementwise.cuh"
#include "cuda/moments.cuh"

namespace tilestack::cuda {
namespace {

template <class A>
struct Store {
  A *y, *mean;
  double freedom;
  bool root;
  __device__ void operator()(std::int64_t at, const Moments<double>& of) const {
    const double value = of.squares / freedom;
    y[at] = A(root ? sqrt(value) : value);
    mean[at] = A(of.n == 0 ? __builtin_nan("") : of.mean);
  }
};

// One pass in place of the CPU's two.
void forward(View x, View y, View mean, double correction, bool root) {
  const ReducePlan plan(x, y);
  if (plan.outputs() == 0) return;
  const double n = double(x.numel()) / double(y.numel()), freedom = n > correction ? n - correction : 0;
  visit_float(x.dtype, [&]<class T>() {
    using A = Compute<T>;
    reduce<Merge<A>>(plan, {x.data<const T>()}, Itself(), Store<A>{y.data<A>(), mean.data<A>(), freedom, root});
  });
}

struct Backward {
  double scale;
  template <class A>
  __device__ A operator()(A x, A mean, A dy) const {
    return (x - mean) * (dy * A(scale));
  }
  template <class A>
  __device__ A operator()(A x, A mean, A dy, A y) const {
    return y == 0 ? A(0) : (x - mean) * (dy * A(scale) / y);
  }
};

void backward(View x, View y, View mean, View dy, View dx, double scale) {
  visit_float(x.dtype, [&]<class T>() {
    using A = Compute<T>;
    const View means = repeated(mean, x), dys = repeated(dy, x);
    if (y.defined()) return gpu::map<T(T, A, T, A)>(Backward{scale}, dx, x, means, dys, repeated(y, x));
    gpu::map<T(T, A, T)>(Backward{scale}, dx, x, means, dys);
  });
}

}  // namespace
const VarKernels var = {forward, backward};
TILESTACK_CUDA_TABLE(var)
}  // namespace tilestack::cuda

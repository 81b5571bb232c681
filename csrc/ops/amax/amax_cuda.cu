#include "ops/amax/amax.h"

#include "cuda/elementwise.cuh"
#include "cuda/extremes.cuh"

namespace tilestack::cuda {
namespace {

// A NaN wins over every number.
template <class A>
struct Larger : Combination<Larger<A>, A, A> {
  __device__ static A identity() { return lowest<A>(); }
  __device__ __forceinline__ static A combine(A a, A b) { return gpu::Max()(a, b); }
};

struct Flip {
  bool smallest;
  __device__ Flip at(std::int64_t) const { return *this; }
  template <class A>
  __device__ A operator()(std::int64_t, A x) const {
    return flipped(x, smallest);
  }
};

template <class T>
struct Store {
  T* y;
  bool smallest;
  __device__ void operator()(std::int64_t at, Accumulator<T> total) const {
    y[at] = convert<T>(flipped(total, smallest));
  }
};

void forward(View x, View y, bool smallest) {
  const ReducePlan plan(x, y);
  visit_all(x.dtype, [&]<class S>() {
    using T = Stored<S>;
    reduce<Larger<Accumulator<T>>>(plan, {x.data<const T>()}, Flip{smallest}, Store<T>{y.data<T>(), smallest});
  });
}

// 1 where x is its result.
template <class T>
struct IsResult {
  using A = Compute<T>;
  struct Equal {
    A y;
    __device__ A operator()(std::int64_t, A x) const { return same(x, y) ? A(1) : A(0); }
  };
  const T* y;
  __device__ Equal at(std::int64_t i) const { return {to_compute(y[i])}; }
};

template <class T>
struct Share {
  const T* dy;
  Compute<T>* shares;
  __device__ void operator()(std::int64_t at, double ties) const {
    shares[at] = Compute<T>(double(to_compute(dy[at])) / ties);
  }
};

struct Backward {
  template <class A>
  __device__ A operator()(A x, A y, A share) const {
    return same(x, y) ? share : A(0);
  }
};

void backward(View x, View y, View dy, View dx) {
  const ReducePlan plan(x, y);
  visit_float(x.dtype, [&]<class T>() {
    using A = Compute<T>;
    const gpu::Workspace<A> shares(y.numel());
    reduce<Add<A>>(plan, {x.data<const T>()}, IsResult<T>{y.data<T>()}, Share<T>{dy.data<T>(), shares});
    gpu::map<T(T, T, A)>(Backward(), dx, x, repeated(y, x), repeated(like(y, dtype_of<A>, shares), x));
  });
}

}  // namespace
const AmaxKernels amax = {forward, backward};
TILESTACK_CUDA_TABLE(amax)
}  // namespace tilestack::cuda

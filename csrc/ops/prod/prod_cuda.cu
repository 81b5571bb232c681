#include "ops/prod/prod.h"

#include "cuda/elementwise.cuh"
#include "cuda/reduce.cuh"

namespace tilestack::cuda {
namespace {

template <class A>
struct Multiply : Combination<Multiply<A>, A, WideOf<A>> {
  __device__ static A identity() { return 1; }
  template <class V>
  __device__ __forceinline__ static V combine(V a, V b) {
    return wrapping(a, b, [](auto a, auto b) { return a * b; });
  }
};

template <class T>
struct Store {
  T* y;
  __device__ void operator()(std::int64_t at, WideOf<Compute<T>> total) const { y[at] = convert<T>(total); }
};

void forward(View x, View y) {
  const ReducePlan plan(x, y);
  auto run = [&]<class T>() {
    reduce<Multiply<Compute<T>>>(plan, {x.data<const T>()}, Itself(), Store<T>{y.data<T>()});
  };
  if (x.dtype == DType::int64) return run.template operator()<std::int64_t>();
  visit_float(x.dtype, run);
}

// The product of what is not zero, and how many zeros there are.
template <class A>
struct Factors {
  A product, zeros;
};

template <class A>
struct MultiplyNonzero : Combination<MultiplyNonzero<A>, Factors<A>, Factors<double>> {
  __device__ static Factors<A> identity() { return {1, 0}; }
  template <class V>
  __device__ __forceinline__ static Factors<V> combine(const Factors<V>& a, const Factors<V>& b) {
    return {a.product * b.product, a.zeros + b.zeros};
  }
  __device__ __forceinline__ static Factors<double> widen(const Factors<A>& x) { return {x.product, x.zeros}; }
};

struct Factor : Stateless<Factor> {
  template <class A>
  __device__ Factors<A> operator()(std::int64_t, A x) const {
    return x == 0 ? Factors<A>{1, 1} : Factors<A>{x, 0};
  }
};

template <class T>
struct Keep {
  const T* dy;
  Compute<T>*products, *zeros;
  __device__ void operator()(std::int64_t at, const Factors<double>& total) const {
    products[at] = Compute<T>(total.product * double(to_compute(dy[at])));
    zeros[at] = Compute<T>(total.zeros);
  }
};

struct Backward {
  template <class A>
  __device__ A operator()(A x, A product, A zeros) const {
    if (x == 0) return zeros == 1 ? product : A(0);
    return zeros == 0 ? product / x : A(0);
  }
};

// With p = dy * (product of what is not zero): p / x if nothing is zero, p at the only zero, else 0.
void backward(View x, View dy, View dx) {
  const ReducePlan plan(x, dy);
  visit_float(x.dtype, [&]<class T>() {
    using A = Compute<T>;
    const std::int64_t n = dy.numel();
    const gpu::Workspace<A> products(n), zeros(n);
    reduce<MultiplyNonzero<A>>(plan, {x.data<const T>()}, Factor(), Keep<T>{dy.data<T>(), products, zeros});
    gpu::map<T(T, A, A)>(Backward(), dx, x, repeated(like(dy, dtype_of<A>, products), x),
                         repeated(like(dy, dtype_of<A>, zeros), x));
  });
}

}  // namespace
const ProdKernels prod = {forward, backward};
TILESTACK_CUDA_TABLE(prod)
}  // namespace tilestack::cuda

#include "ops/any/any.h"

#include "cuda/reduce.cuh"

namespace tilestack::cuda {
namespace {

struct Or : Combination<Or, unsigned, unsigned> {
  __device__ static unsigned identity() { return 0; }
  __device__ __forceinline__ static unsigned combine(unsigned a, unsigned b) { return a | b; }
};

// Whether x is zero, or is not, told from its bits; `mask`: those that count, which a float's sign does not.
struct Zero {
  std::uint64_t mask;
  bool wanted;
  __device__ Zero at(std::int64_t) const { return *this; }
  template <class T>
  __device__ unsigned operator()(std::int64_t, T x) const {
    return ((x & T(mask)) == 0) == wanted;
  }
};

struct Store {
  bool* y;
  bool every;
  __device__ void operator()(std::int64_t at, unsigned found) const { y[at] = (found != 0) != every; }
};

// Every x is not zero if no x is.
void forward(View x, View y, bool every) {
  const ReducePlan plan(x, y);
  visit_size(x.dtype, [&]<class T>() {
    const auto bits = std::uint64_t(T(~T(0)));
    reduce<Or>(plan, {x.data<const T>()}, Zero{is_float(x.dtype) ? bits >> 1 : bits, every},
               Store{y.data<bool>(), every});
  });
}

}  // namespace
const AnyKernels any = {forward};
TILESTACK_CUDA_TABLE(any)
}  // namespace tilestack::cuda

#include "ops/remainder/remainder.h"

#include "cuda/elementwise.cuh"
#include "cuda/math.cuh"
#include "cuda/runtime.h"

namespace tilestack::cuda {
namespace {

struct FloorRest {
  static constexpr int kCopies = 4;
  template <class T>
  __device__ T operator()(T a, T b) const {
    T rest;
    if constexpr (std::is_floating_point_v<T>) {
      rest = std::fmod(a, b);
    } else {
      if (b == T(0) || (std::is_signed_v<T> && b == T(-1))) return T(0);
      rest = static_cast<T>(a % b);
    }
    return static_cast<T>(rest != T(0) && (b < T(0)) != (rest < T(0)) ? rest + b : rest);
  }
};

void forward(View a, View b, View y) {
  visit_number(y.dtype, [&]<class T>() { gpu::map<T(T, T)>(FloorRest(), y, a, b); });
}

}  // namespace
const BinaryMap remainder = {forward};
TILESTACK_CUDA_TABLE(remainder)
}  // namespace tilestack::cuda

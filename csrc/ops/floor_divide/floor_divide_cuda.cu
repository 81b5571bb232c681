#include "ops/floor_divide/floor_divide.h"

#include "cuda/elementwise.cuh"
#include "cuda/math.cuh"
#include "cuda/runtime.h"

namespace tilestack::cuda {
namespace {

// From fmod, which is exact: floor(a / b) of the rounded quotient may be one too large.
struct FloorQuotient {
  static constexpr int kCopies = 4;
  template <class T>
  __device__ T operator()(T a, T b) const {
    if constexpr (std::is_floating_point_v<T>) {
      if (b == T(0)) return a / b;
      const T rest = std::fmod(a, b);
      T quotient = (a - rest) / b;
      if (rest != T(0) && (b < T(0)) != (rest < T(0))) quotient -= T(1);
      if (quotient == T(0)) return std::copysign(T(0), a / b);
      const T whole = std::floor(quotient);
      return quotient - whole > T(0.5) ? whole + T(1) : whole;
    } else {
      if (b == T(0)) return T(0);
      if (std::is_signed_v<T> && b == T(-1)) return static_cast<T>(0 - static_cast<std::uint64_t>(a));
      const T quotient = static_cast<T>(a / b);
      return static_cast<T>(quotient - (a % b != 0 && (a < T(0)) != (b < T(0))));
    }
  }
};

void forward(View a, View b, View y) {
  visit_number(y.dtype, [&]<class T>() { gpu::map<T(T, T)>(FloorQuotient(), y, a, b); });
}

}  // namespace
const BinaryMap floor_divide = {forward};
TILESTACK_CUDA_TABLE(floor_divide)
}  // namespace tilestack::cuda

#include "ops/pow/pow.h"

#include "cuda/elementwise.cuh"
#include "cuda/math.cuh"
#include "cuda/runtime.h"

namespace tilestack::cuda {
namespace {

template <class T>
__device__ T integer_power(T a, T b) {
  if (b < T(0)) return static_cast<T>(a == T(1) ? 1 : a == T(-1) ? (b % 2 == 0 ? 1 : -1) : 0);  // rounded towards zero
  std::uint64_t y = 1, x = static_cast<std::uint64_t>(a);
  for (; b > T(0); b = static_cast<T>(b / 2), x *= x)
    if (b % 2 != 0) y *= x;
  return static_cast<T>(y);
}

struct Power {
  static constexpr int kCopies = 4;
  template <class T>
  __device__ T operator()(T a, T b) const {
    if constexpr (std::is_floating_point_v<T>) {
      return std::pow(a, b);
    } else {
      return integer_power(a, b);
    }
  }
};

struct SquareOrCube {
  bool cube;
  template <class T>
  __device__ T operator()(T a) const {
    return cube ? a * a * a : a * a;
  }
};

struct RootOrInverse {
  static constexpr int kCopies = 8;
  bool root, inverse;
  template <class T>
  __device__ T operator()(T a) const {
    const T y = root ? std::sqrt(a) : a;
    return inverse ? T(1) / y : y;
  }
};

void forward(View a, View b, View y) {
  visit_integer(y.dtype, [&]<class T>() { gpu::map<T(T, T)>(Power(), y, a, b); });
  visit_float(y.dtype, [&]<class T>() {
    const double exponent = gpu::number_or_nan(b);
    if (exponent == 2 || exponent == 3) return gpu::map<T(T)>(SquareOrCube{exponent == 3}, y, a);
    if (exponent == 0.5 || exponent == -0.5 || exponent == -1)
      return gpu::map<T(T)>(RootOrInverse{exponent != -1, exponent < 0}, y, a);
    gpu::map<T(T, T)>(Power(), y, a, b);
  });
}

struct SquareOrCubeBackward {
  bool cube;
  template <class T>
  __device__ T operator()(T a, T dy) const {
    return cube ? dy * (a * a * T(3)) : dy * (a + a);
  }
};

struct RootOrInverseBackward {
  static constexpr int kCopies = 8;
  bool root;
  template <class T>
  __device__ T operator()(T a, T dy) const {
    return root ? dy * T(0.5) / std::sqrt(a) : -dy / (a * a);
  }
};

struct BackwardA {
  static constexpr int kCopies = 4;
  template <class T>
  __device__ T operator()(T a, T b, T dy) const {
    return b == T(0) ? T(0) : dy * (b * std::pow(a, b - T(1)));
  }
};

struct BackwardB {
  static constexpr int kCopies = 4;
  template <class T>
  __device__ T operator()(T a, T b, T dy) const {
    return a == T(0) && b >= T(0) ? T(0) : dy * (std::pow(a, b) * std::log(a));
  }
};

void backward_a(View a, View b, View dy, View da) {
  visit_float(dy.dtype, [&]<class T>() {
    const double exponent = gpu::number_or_nan(b);
    if (exponent == 2 || exponent == 3) return gpu::map<T(T, T)>(SquareOrCubeBackward{exponent == 3}, da, a, dy);
    if (exponent == 0.5 || exponent == -1) return gpu::map<T(T, T)>(RootOrInverseBackward{exponent == 0.5}, da, a, dy);
    gpu::map<T(T, T, T)>(BackwardA(), da, a, b, dy);
  });
}

void backward_b(View a, View b, View dy, View db) {
  visit_float(dy.dtype, [&]<class T>() { gpu::map<T(T, T, T)>(BackwardB(), db, a, b, dy); });
}

}  // namespace
const BinaryKernels pow = {forward, backward_a, backward_b};
TILESTACK_CUDA_TABLE(pow)
}  // namespace tilestack::cuda

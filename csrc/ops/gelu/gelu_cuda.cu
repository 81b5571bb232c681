#include "ops/gelu/gelu.h"

#include "cuda/elementwise.cuh"
#include "cuda/math.cuh"
#include "cuda/runtime.h"

namespace tilestack::cuda {
namespace {

// (1 + tanh(u)) / 2 = sigmoid(2 u), and 2 u = x (slope + cubic x^2).
constexpr double kSlope = 1.5957691216057308, kCubic = 0.044715 * kSlope;
constexpr double kDensity = 0.39894228040143268;  // 1 / sqrt(2 pi)

// x P(x) = max(x, 0) - |x| P(-|x|), which tends to 0 at -infinity. Beyond kFar, P(-|x|) is nothing beside 1.
struct Forward {
  static constexpr int kCopies = 8;
  template <class T>
  __device__ T operator()(T x) const {
    constexpr T kFar = std::is_same_v<T, double> ? 40 : 6;
    const T size = std::abs(x) > kFar ? kFar : std::abs(x);
    const T y = (x > T(0) ? x : x * T(0)) - size * gpu::normal_lower_tail(x);
    return x < -kFar ? T(0) : y;
  }
};

// With the normal distribution P and density p:   dy/dx = P(x) + x p(x)
struct Backward {
  static constexpr int kCopies = 8;
  template <class T>
  __device__ T operator()(T x, T dy) const {
    const T tail = gpu::normal_lower_tail(x), below = x > T(0) ? T(1) - tail : tail;
    return dy * (below + x * (std::exp(x * x * T(-0.5)) * T(kDensity)));
  }
};

struct ForwardTanh {
  static constexpr int kCopies = 8;
  template <class T>
  __device__ T operator()(T x) const {
    return x * gpu::sigmoid(x * (x * x * T(kCubic) + T(kSlope)));
  }
};

// With s = sigmoid(v):   dy/dx = s + x s (1 - s) dv/dx
struct BackwardTanh {
  static constexpr int kCopies = 8;
  template <class T>
  __device__ T operator()(T x, T dy) const {
    const T square = x * x, s = gpu::sigmoid(x * (square * T(kCubic) + T(kSlope)));
    return dy * (s + x * s * (T(1) - s) * (square * T(3 * kCubic) + T(kSlope)));
  }
};

void forward(View x, View y, bool tanh) {
  visit_float(x.dtype,
              [&]<class T>() { tanh ? gpu::map<T(T)>(ForwardTanh(), y, x) : gpu::map<T(T)>(Forward(), y, x); });
}

void backward(View x, View dy, View dx, bool tanh) {
  visit_float(x.dtype, [&]<class T>() {
    tanh ? gpu::map<T(T, T)>(BackwardTanh(), dx, x, dy) : gpu::map<T(T, T)>(Backward(), dx, x, dy);
  });
}

}  // namespace
const GeluKernels gelu = {forward, backward};
TILESTACK_CUDA_TABLE(gelu)
}  // namespace tilestack::cuda

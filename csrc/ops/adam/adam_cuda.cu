#include "ops/adam/adam.h"

#include <cmath>

#include "cuda/multi_tensor.cuh"
#include "cuda/runtime.h"

namespace tilestack::cuda {
namespace {

template <class A>
struct Step {
  A sign, kept, coupled, rest1, beta2, rest2, step_size, inverse_root, eps;

  template <int kStates>
  __device__ void operator()(A& p, A gradient, A (&state)[kStates]) const {
    A &m = state[0], &v = state[1];
    const A g = sign * gradient + coupled * p;
    m += rest1 * (g - m);
    v = beta2 * v + rest2 * g * g;
    A square = v;
    if constexpr (kStates == 3) {
      A& largest = state[2];
      largest = square > largest || square != square ? square : largest;
      square = largest;
    }
    p = kept * p - step_size * m / (std::sqrt(square) * inverse_root + eps);
  }
};

void step(const View* params, const View* grads, const View* m, const View* v, const View* largest, std::int64_t count,
          AdamOptions o) {
  const double correction1 = 1 - std::pow(o.beta1, double(o.step)), correction2 = 1 - std::pow(o.beta2, double(o.step));
  const auto make = [&]<class A>(A) {
    return gpu::changing(Step<A>{.sign = A(o.maximize ? -1 : 1),
                                 .kept = A(o.decoupled ? 1 - o.lr * o.weight_decay : 1),
                                 .coupled = A(o.decoupled ? 0 : o.weight_decay),
                                 .rest1 = A(1 - o.beta1),
                                 .beta2 = A(o.beta2),
                                 .rest2 = A(1 - o.beta2),
                                 .step_size = A(o.lr / correction1),
                                 .inverse_root = A(1 / std::sqrt(correction2)),
                                 .eps = A(o.eps)});
  };
  if (largest) {
    gpu::update_each<3, true>({params, grads, m, v, largest}, count, make);
  } else {
    gpu::update_each<2, true>({params, grads, m, v}, count, make);
  }
}

}  // namespace
const AdamKernels adam = {step};
TILESTACK_CUDA_TABLE(adam)
}  // namespace tilestack::cuda

#include "ops/rmsprop/rmsprop.h"

#include <cmath>

#include "cuda/multi_tensor.cuh"
#include "cuda/runtime.h"

namespace tilestack::cuda {
namespace {

// The states are v and, where they are used, a and b.
template <class A, bool kCentered, bool kMomentum>
struct Step {
  A sign, lr, alpha, rest, eps, weight_decay, momentum;

  template <int kStates>
  __device__ void operator()(A& p, A gradient, A (&state)[kStates]) const {
    const A g = sign * gradient + weight_decay * p;
    A square = alpha * state[0] + rest * g * g;
    state[0] = square;
    if constexpr (kCentered) {
      A& a = state[1];
      a = alpha * a + rest * g;
      square -= a * a;
    }
    A d = g / (std::sqrt(square) + eps);
    if constexpr (kMomentum) {
      A& b = state[kStates - 1];
      b = momentum * b + d;
      d = b;
    }
    p -= lr * d;
  }
};

void step(const View* params, const View* grads, const View* v, const View* a, const View* b, std::int64_t count,
          RmspropOptions o) {
  const auto run = [&]<bool kCentered, bool kMomentum>(const auto&... states) {
    gpu::update_each<int(sizeof...(states)), true>({params, grads, states...}, count, [&]<class A>(A) {
      return gpu::changing(Step<A, kCentered, kMomentum>{.sign = A(o.maximize ? -1 : 1),
                                                         .lr = A(o.lr),
                                                         .alpha = A(o.alpha),
                                                         .rest = A(1 - o.alpha),
                                                         .eps = A(o.eps),
                                                         .weight_decay = A(o.weight_decay),
                                                         .momentum = A(o.momentum)});
    });
  };
  if (a && b) return run.operator()<true, true>(v, a, b);
  if (a) return run.operator()<true, false>(v, a);
  if (b) return run.operator()<false, true>(v, b);
  run.operator()<false, false>(v);
}

}  // namespace
const RmspropKernels rmsprop = {step};
TILESTACK_CUDA_TABLE(rmsprop)
}  // namespace tilestack::cuda

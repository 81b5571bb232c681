#include "ops/sgd/sgd.h"

#include "cuda/multi_tensor.cuh"
#include "cuda/runtime.h"

namespace tilestack::cuda {
namespace {

template <class A, bool kMomentum>
struct Step {
  A sign, lr, momentum, undamped, weight_decay;
  bool first, nesterov;

  __device__ void operator()(A& p, A gradient, A (&state)[1]) const {
    A g = sign * gradient + weight_decay * p;
    if constexpr (kMomentum) {
      A& b = state[0];
      b = first ? g : momentum * b + undamped * g;
      g = nesterov ? g + momentum * b : b;
    }
    p -= lr * g;
  }
};

void step(const View* params, const View* grads, const View* momenta, std::int64_t count, SgdOptions o) {
  const auto make = [&]<bool kMomentum, class A>() {
    return gpu::changing(Step<A, kMomentum>{.sign = A(o.maximize ? -1 : 1),
                                            .lr = A(o.lr),
                                            .momentum = A(o.momentum),
                                            .undamped = A(1 - o.dampening),
                                            .weight_decay = A(o.weight_decay),
                                            .first = o.first,
                                            .nesterov = o.nesterov});
  };
  if (momenta) {
    gpu::update_each<1, true>({params, grads, momenta}, count,
                              [&]<class A>(A) { return make.template operator()<true, A>(); });
  } else {
    gpu::update_each<0, true>({params, grads}, count, [&]<class A>(A) { return make.template operator()<false, A>(); });
  }
}

}  // namespace
const SgdKernels sgd = {step};
TILESTACK_CUDA_TABLE(sgd)
}  // namespace tilestack::cuda

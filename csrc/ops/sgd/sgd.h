#pragma once
#include <vector>

#include "core/kernels.h"

namespace tilestack {

struct SgdOptions {
  double lr, momentum, dampening, weight_decay;
  bool nesterov, maximize;
  bool first;  // the momentum buffers hold nothing yet
};

// One step for all parameters p with gradients g (-g to maximize) and momentum buffers b, in place:
//   g += weight_decay p
//   b = first ? g : momentum b + (1 - dampening) g;   g = nesterov ? g + momentum b : b     (if momentum is not 0)
//   p -= lr g
// Lists of `count` views; those of one index share shape and strides, dense. p, g: one float dtype
// b: float32 (float64 for float64), null if momentum is 0
struct SgdKernels {
  void (*step)(const View* params, const View* grads, const View* momenta, std::int64_t count, SgdOptions options);
};
TILESTACK_KERNELS(SgdKernels, sgd)

void sgd(const std::vector<Tensor>& params, const std::vector<Tensor>& grads, const std::vector<Tensor>& momenta,
         SgdOptions options);

}  // namespace tilestack

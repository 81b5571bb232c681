#pragma once
#include "core/update.h"

namespace tilestack {

struct AdagradOptions {
  double lr, lr_decay, eps, weight_decay;
  std::int64_t step;             // counts from 1
  double gradient_factor = 1.0;  // of GradientFactor
};

// With g = gradient_factor times the gradient + weight_decay p (Duchi et al., 2011):
//   s += g^2;   p -= lr / (1 + (step - 1) lr_decay) g / (sqrt(s) + eps)
// States: s.
TILESTACK_KERNELS(UpdateKernels<AdagradOptions>, adagrad)

void adagrad(const UpdateTensors& tensors, const std::vector<Tensor>& state_sums, AdagradOptions options);

}  // namespace tilestack

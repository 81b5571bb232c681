#pragma once
#include "core/update.h"

namespace tilestack {

struct LionOptions {
  double lr, beta1, beta2, weight_decay;
  double gradient_factor = 1.0;  // of GradientFactor
};

// With g = gradient_factor times the gradient (Chen et al., 2023):
//   p = (1 - lr weight_decay) p - lr sign(beta1 m + (1 - beta1) g);   m = beta2 m + (1 - beta2) g
// States: m.
TILESTACK_KERNELS(UpdateKernels<LionOptions>, lion)

void lion(const UpdateTensors& tensors, const std::vector<Tensor>& exp_avgs, LionOptions options);

}  // namespace tilestack

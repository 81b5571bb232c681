#pragma once
#include "core/update.h"

namespace tilestack {

struct SgdOptions {
  double lr, momentum, dampening, weight_decay;
  bool nesterov;
  bool first;                    // the momentum buffers hold nothing yet
  double gradient_factor = 1.0;  // of GradientFactor
};

// With g = gradient_factor times the gradient:
//   g += weight_decay p
//   b = first ? g : momentum b + (1 - dampening) g;   g = nesterov ? g + momentum b : b     (if momentum is not 0)
//   p -= lr g
// States: b, unless momentum is 0.
TILESTACK_KERNELS(UpdateKernels<SgdOptions>, sgd)

void sgd(const UpdateTensors& tensors, const std::vector<Tensor>& momenta, SgdOptions options);

}  // namespace tilestack

#pragma once
#include "core/update.h"

namespace tilestack {

struct RmspropOptions {
  double lr, alpha, eps, weight_decay, momentum;
  bool centered;
  double gradient_factor = 1.0;  // of GradientFactor
};

// With g = gradient_factor times the gradient (Hinton's lecture 6e, 2012; centered: Graves, 2013):
//   g += weight_decay p;   v = alpha v + (1 - alpha) g^2;   a = alpha a + (1 - alpha) g
//   d = g / (sqrt(centered ? v - a^2 : v) + eps);   b = momentum b + d;   p -= lr (momentum > 0 ? b : d)
// States: v, a if centered, b with momentum.
TILESTACK_KERNELS(UpdateKernels<RmspropOptions>, rmsprop)

void rmsprop(const UpdateTensors& tensors, const std::vector<Tensor>& square_avgs, const std::vector<Tensor>& grad_avgs,
             const std::vector<Tensor>& momenta, RmspropOptions options);

}  // namespace tilestack

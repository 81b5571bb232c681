#pragma once
#include "core/update.h"

namespace tilestack {

// With corrected_mean = 1 / (1 - beta1^step) and inverse_root = 1 / sqrt(1 - beta2^step).
struct LambStep {
  double gradient_factor;  // of GradientFactor
  double lr, rest1, beta2, corrected_mean, inverse_root, eps, weight_decay;
};

// Adam's direction with the size of the parameter (You et al., 2020). With g = gradient_factor times the gradient:
//   m += (1 - beta1) (g - m);   v = beta2 v + (1 - beta2) g^2
//   d = corrected_mean m / (inverse_root sqrt(v) + eps) + weight_decay p
//   p -= lr |p| / |d| d, with norms over the whole parameter; 1 for their ratio where one of them is 0
// Squares are summed in the states' dtype within vectors of a chunk, in double across.   States: m, v.
TILESTACK_KERNELS(UpdateKernels<LambStep>, lamb)

struct LambOptions {
  double lr, beta1, beta2, eps, weight_decay;
  std::int64_t step;  // counts from 1
  GradientFactor gradient;
};

void lamb(const UpdateTensors& tensors, const std::vector<Tensor>& exp_avgs, const std::vector<Tensor>& exp_avg_sqs,
          LambOptions options);

}  // namespace tilestack

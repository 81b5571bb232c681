#pragma once
#include "core/update.h"

namespace tilestack {

struct NadamOptions {
  double lr, beta1, beta2, eps, weight_decay;
  double mu, mu_next, mu_product;  // momenta of this step and the next, product of all up to this one
  bool decoupled;
  std::int64_t step;  // counts from 1
  GradientFactor gradient;
};

// Adam with Nesterov's momentum, on Adam's kernels (Dozat, 2016):
//   p -= lr ((1 - mu) / (1 - mu_product) g + mu_next / (1 - mu_product mu_next) m) / (sqrt(v / (1 - beta2^step)) + eps)
void nadam(const UpdateTensors& tensors, const std::vector<Tensor>& exp_avgs, const std::vector<Tensor>& exp_avg_sqs,
           NadamOptions options);

}  // namespace tilestack

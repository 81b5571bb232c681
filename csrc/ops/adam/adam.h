#pragma once
#include <vector>

#include "core/kernels.h"

namespace tilestack {

struct AdamOptions {
  double lr, beta1, beta2, eps, weight_decay;
  bool decoupled;  // AdamW: the decay does not go through the moments
  bool amsgrad, maximize;
  std::int64_t step;  // counts from 1
};

// One step for all parameters p with gradients g (-g to maximize) and moments m, v, in place (Kingma and Ba, 2015;
// AdamW: Loshchilov and Hutter, 2019; amsgrad: Reddi et al., 2018):
//   g += weight_decay p, or decoupled: p *= 1 - lr weight_decay
//   m += (1 - beta1) (g - m);   v = beta2 v + (1 - beta2) g^2;   largest = max(largest, v)
//   p -= lr / (1 - beta1^step) m / (sqrt(amsgrad ? largest : v) / sqrt(1 - beta2^step) + eps)
// Lists of `count` views; those of one index share shape and strides, dense. p, g: one float dtype
// m, v, largest: float32 (float64 for float64); largest null without amsgrad
struct AdamKernels {
  void (*step)(const View* params, const View* grads, const View* m, const View* v, const View* largest,
               std::int64_t count, AdamOptions options);
};
TILESTACK_KERNELS(AdamKernels, adam)

void adam(const std::vector<Tensor>& params, const std::vector<Tensor>& grads, const std::vector<Tensor>& exp_avgs,
          const std::vector<Tensor>& exp_avg_sqs, const std::vector<Tensor>& max_exp_avg_sqs, AdamOptions options);

}  // namespace tilestack

#pragma once
#include "core/update.h"

namespace tilestack {

// What Adam, NAdam and RAdam differ in, at one step.
struct MomentOptions {
  double gradient_factor;  // of GradientFactor
  double kept, coupled;    // decay of p before the step, and what goes of it into the gradient
  double rest1, beta2;     // 1 - beta1
  double from_mean, from_gradient, inverse_root, eps;
  bool amsgrad;
};

// With g = gradient_factor times the gradient + coupled p, and moments m, v:
//   m += rest1 (g - m);   v = beta2 v + (1 - beta2) g^2;   largest = max(largest, v)
//   p = kept p - (from_mean m + from_gradient g) / (inverse_root sqrt(amsgrad ? largest : v) + eps)
// States: m, v, and largest with amsgrad.
TILESTACK_KERNELS(UpdateKernels<MomentOptions>, adam)

struct AdamOptions {
  double lr, beta1, beta2, eps, weight_decay;
  bool decoupled;  // AdamW: the decay does not go through the moments
  bool amsgrad;
  std::int64_t step;  // counts from 1
  GradientFactor gradient;
};

// What all three have in common: nothing of the step yet.
MomentOptions moment_options(const char* op, double lr, double beta1, double beta2, double weight_decay, bool decoupled,
                             std::int64_t step, GradientFactor gradient);

// p -= lr / (1 - beta1^step) m / (sqrt(v) / sqrt(1 - beta2^step) + eps) (Kingma and Ba, 2015; AdamW: Loshchilov and
// Hutter, 2019; amsgrad: Reddi et al., 2018).
void adam(const UpdateTensors& tensors, const std::vector<Tensor>& exp_avgs, const std::vector<Tensor>& exp_avg_sqs,
          const std::vector<Tensor>& max_exp_avg_sqs, AdamOptions options);

}  // namespace tilestack

#include "ops/adam/adam.h"

#include <cmath>

#include "core/update_op.h"

namespace tilestack {

MomentOptions moment_options(const char* op, double lr, double beta1, double beta2, double weight_decay, bool decoupled,
                             std::int64_t step, GradientFactor gradient) {
  check(step >= 1, "{}: steps count from 1, got {}", op, step);
  MomentOptions o = {};
  o.gradient_factor = gradient;
  o.kept = decoupled ? 1 - lr * weight_decay : 1;
  o.coupled = decoupled ? 0 : weight_decay;
  o.rest1 = 1 - beta1;
  o.beta2 = beta2;
  return o;
}

void adam(const UpdateTensors& tensors, const TensorList& exp_avgs, const TensorList& exp_avg_sqs,
          const TensorList& max_exp_avg_sqs, AdamOptions options) {
  const auto& [lr, beta1, beta2, eps, weight_decay, decoupled, amsgrad, step, gradient] = options;
  MomentOptions o = moment_options("adam", lr, beta1, beta2, weight_decay, decoupled, step, gradient);
  o.from_mean = lr / (1 - std::pow(beta1, double(step)));
  o.inverse_root = 1 / std::sqrt(1 - std::pow(beta2, double(step)));
  o.eps = eps;
  o.amsgrad = amsgrad;
  run_update("adam", adam_on, tensors,
             {{"exp_avgs", exp_avgs}, {"exp_avg_sqs", exp_avg_sqs}, {"max_exp_avg_sqs", max_exp_avg_sqs, amsgrad}}, o);
}

}  // namespace tilestack

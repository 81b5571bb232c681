#include "ops/lamb/lamb.h"

#include <cmath>

#include "core/update_op.h"

namespace tilestack {

void lamb(const UpdateTensors& tensors, const TensorList& exp_avgs, const TensorList& exp_avg_sqs,
          LambOptions options) {
  const auto& [lr, beta1, beta2, eps, weight_decay, step, gradient] = options;
  check(step >= 1, "lamb: steps count from 1, got {}", step);
  const LambStep now = {.gradient_factor = gradient,
                        .lr = lr,
                        .rest1 = 1 - beta1,
                        .beta2 = beta2,
                        .corrected_mean = 1 / (1 - std::pow(beta1, double(step))),
                        .inverse_root = 1 / std::sqrt(1 - std::pow(beta2, double(step))),
                        .eps = eps,
                        .weight_decay = weight_decay};
  run_update("lamb", lamb_on, tensors, {{"exp_avgs", exp_avgs}, {"exp_avg_sqs", exp_avg_sqs}}, now);
}

}  // namespace tilestack

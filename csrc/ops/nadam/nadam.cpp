#include "ops/nadam/nadam.h"

#include <cmath>

#include "core/update_op.h"
#include "ops/adam/adam.h"

namespace tilestack {

void nadam(const UpdateTensors& tensors, const TensorList& exp_avgs, const TensorList& exp_avg_sqs,
           NadamOptions options) {
  const auto& [lr, beta1, beta2, eps, weight_decay, mu, mu_next, mu_product, decoupled, step, gradient] = options;
  MomentOptions o = moment_options("nadam", lr, beta1, beta2, weight_decay, decoupled, step, gradient);
  o.from_mean = lr * mu_next / (1 - mu_product * mu_next);
  o.from_gradient = lr * (1 - mu) / (1 - mu_product);
  o.inverse_root = 1 / std::sqrt(1 - std::pow(beta2, double(step)));
  o.eps = eps;
  run_update("nadam", adam_on, tensors, {{"exp_avgs", exp_avgs}, {"exp_avg_sqs", exp_avg_sqs}}, o);
}

}  // namespace tilestack

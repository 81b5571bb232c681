#include "ops/radam/radam.h"

#include <cmath>

#include "core/update_op.h"
#include "ops/adam/adam.h"

namespace tilestack {

void radam(const UpdateTensors& tensors, const TensorList& exp_avgs, const TensorList& exp_avg_sqs,
           RadamOptions options) {
  const auto& [lr, beta1, beta2, eps, weight_decay, decoupled, step, gradient] = options;
  MomentOptions o = moment_options("radam", lr, beta1, beta2, weight_decay, decoupled, step, gradient);
  const double power = std::pow(beta2, double(step)), longest = 2 / (1 - beta2) - 1;
  const double length = longest - 2 * double(step) * power / (1 - power);
  o.from_mean = lr / (1 - std::pow(beta1, double(step)));
  if (length > 5) {
    const double rect = std::sqrt((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length));
    o.from_mean *= std::sqrt(1 - power) * rect;
    o.inverse_root = 1;
    o.eps = eps;
  } else {  // no root
    o.inverse_root = 0;
    o.eps = 1;
  }
  run_update("radam", adam_on, tensors, {{"exp_avgs", exp_avgs}, {"exp_avg_sqs", exp_avg_sqs}}, o);
}

}  // namespace tilestack

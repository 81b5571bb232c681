#pragma once
#include "core/update.h"

namespace tilestack {

struct RadamOptions {
  double lr, beta1, beta2, eps, weight_decay;
  bool decoupled;
  std::int64_t step;  // counts from 1
  GradientFactor gradient;
};

// Adam that takes the root of v only once enough steps stand behind it, on Adam's kernels (Liu et al., 2020). With
// longest = 2 / (1 - beta2) - 1 and length = longest - 2 step beta2^step / (1 - beta2^step):
//   d = length > 5 ? sqrt(1 - beta2^step) rect / (sqrt(v) + eps) : 1;   p -= lr / (1 - beta1^step) m d
//   rect^2 = (length - 4) (length - 2) longest / ((longest - 4) (longest - 2) length)
void radam(const UpdateTensors& tensors, const std::vector<Tensor>& exp_avgs, const std::vector<Tensor>& exp_avg_sqs,
           RadamOptions options);

}  // namespace tilestack

#pragma once
#include "core/loss.h"

namespace tilestack {

// f(x, t) = max(x, 0) - x t + log(1 + exp(-|x|)), df/dx = sigmoid(x) - t, of logits x and probabilities t.
TILESTACK_KERNELS(PointwiseLossKernels, binary_cross_entropy_with_logits)

// x and t must have the same shape.
Tensor binary_cross_entropy_with_logits(const Tensor& x, const Tensor& t, LossReduction reduction);

}  // namespace tilestack

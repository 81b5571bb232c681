#pragma once
#include "core/loss.h"

namespace tilestack {

// f(x, t) = (x - t)^2, df/dx = 2 (x - t).
TILESTACK_KERNELS(PointwiseLossKernels, mse_loss)

// x and t must have the same shape.
Tensor mse_loss(const Tensor& x, const Tensor& t, LossReduction reduction);

}  // namespace tilestack

#pragma once
#include "core/loss.h"

namespace tilestack {

// f(x, t) = |x - t|, df/dx = sign(x - t), 0 where they are equal.
TILESTACK_KERNELS(PointwiseLossKernels, l1_loss)

// x and t must have the same shape.
Tensor l1_loss(const Tensor& x, const Tensor& t, LossReduction reduction);

}  // namespace tilestack

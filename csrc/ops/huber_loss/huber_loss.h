#pragma once
#include "core/loss.h"

namespace tilestack {

// With d = x - t and b = d clamped to [-delta, delta], delta the parameter:
// f(x, t) = b (d - b / 2), which is d^2 / 2 up to delta and delta (|d| - delta / 2) beyond, df/dx = b.
TILESTACK_KERNELS(PointwiseLossKernels, huber_loss)

// x and t must have the same shape; delta > 0.
Tensor huber_loss(const Tensor& x, const Tensor& t, LossReduction reduction, double delta);
// Huber's loss divided by beta, its delta; the absolute difference for beta = 0.
Tensor smooth_l1_loss(const Tensor& x, const Tensor& t, LossReduction reduction, double beta);

}  // namespace tilestack

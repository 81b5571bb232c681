#pragma once
#include "core/loss.h"

namespace tilestack {

// Of each row of log-probabilities x with class t: -w[t] x[t]. Arguments and results as of cross_entropy; no smoothing.
// backward: dx = -w[t] dy at the class, 0 elsewhere; it overwrites dx.
struct NllLossKernels {
  std::int64_t (*forward)(View x, View target, View weight, View total, View y, ClassLossOptions options);
  void (*backward)(View target, View weight, View total, View dy, View dx, ClassLossOptions options);
};
TILESTACK_KERNELS(NllLossKernels, nll_loss)

// x: (C), (N, C) or (N, C, ...); target: class indices of x's shape without C.
Tensor nll_loss(const Tensor& x, const Tensor& target, const Tensor& weight, ClassLossOptions options);

}  // namespace tilestack

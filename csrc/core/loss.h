#pragma once
// What the contracts of losses share.
#include "core/kernels.h"

namespace tilestack {

enum class LossReduction : std::int8_t { none, sum, mean };

// Losses f(x, t) of one element each.
// forward: y = the losses (none), their sum or their mean. Float x, t: contiguous, the same shape. Sums in float32
// (float64 for float64) within chunks of kElementGrain, in float64 across.
// backward: dx = df/dx scale dy, where dy is one number or has x's shape; it overwrites dx.
struct PointwiseLossKernels {
  void (*forward)(View x, View t, View y, LossReduction reduction);
  void (*backward)(View x, View t, View dy, View dx, double scale);
};

// Losses of rows of class scores. Rows whose target is ignore_index do not count.
struct ClassLossOptions {
  std::int64_t ignore_index;
  double label_smoothing;
  LossReduction reduction;
};

}  // namespace tilestack

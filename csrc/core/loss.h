#pragma once
// What the contracts of losses share.
#include "core/kernels.h"

namespace tilestack {

enum class LossReduction : std::int8_t { none, sum, mean };

// Losses f(x, t) of one element each; parameter: that of the loss, if it has one.
// forward: y = the losses (none), their sum or their mean. Float x, t: contiguous, the same shape. Sums in float32
// (float64 for float64) within chunks of kElementGrain, in float64 across.
// backward: dx = df/dx scale dy, where dy is one number or has x's shape; it overwrites dx.
struct PointwiseLossKernels {
  void (*forward)(View x, View t, View y, LossReduction reduction, double parameter);
  void (*backward)(View x, View t, View dy, View dx, double scale, double parameter);
};

// The functor of a loss: an aggregate of its parameter, or empty.
template <class F>
TILESTACK_INLINE F make_loss(double parameter) {
  if constexpr (__is_empty(F)) {
    return {};
  } else {
    return {parameter};
  }
}

// Losses of rows of class scores. Rows whose target is ignore_index do not count.
struct ClassLossOptions {
  std::int64_t ignore_index;
  double label_smoothing;
  LossReduction reduction;
};

}  // namespace tilestack

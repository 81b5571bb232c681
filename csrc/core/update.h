#pragma once
// What optimizers whose update is one of each element have in common: ops/<op>/formula.h has the formula of an element,
// once for vectors of a processor and numbers of a GPU; core/update_each.h and cuda/update_each.cuh loop over it.
#include <vector>

#include "core/kernels.h"

namespace tilestack {

constexpr int kMaxStates = 3;

// Lists of `count` views; those of one index share shape and strides, dense.
//   params, grads: one float dtype
//   masters: null, or float32 beside the 16-bit parameters: they are what is updated, and a parameter is its master's
//            rounding. An element that is not was written by someone else since: it counts, and the master follows.
//   states: float32 (float64 for float64), those in use first
struct UpdateLists {
  const View *params, *grads, *masters;
  const View* states[kMaxStates];
  std::int64_t count;
};

// One step for all parameters, in place.
template <class Options>
struct UpdateKernels {
  void (*step)(const UpdateLists& lists, Options options);
};

// What an op gets. masters: none, or one for each parameter, which may be undefined beside those of 32 and 64 bits.
struct UpdateTensors {
  const std::vector<Tensor>&params, &grads, &masters;
};

// What gradients are multiplied by: they are grad_scale times what they should be, and -1 to maximize.
struct GradientFactor {
  bool maximize = false;
  double grad_scale = 1;
  operator double() const { return (maximize ? -1 : 1) / grad_scale; }
};

}  // namespace tilestack

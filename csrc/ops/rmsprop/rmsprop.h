#pragma once
#include <vector>

#include "core/kernels.h"

namespace tilestack {

struct RmspropOptions {
  double lr, alpha, eps, weight_decay, momentum;
  bool centered, maximize;
};

// One step for all parameters p with gradients g (-g to maximize) and averages v, a and buffers b, in place (Hinton's
// lecture 6e, 2012; centered: Graves, 2013):
//   g += weight_decay p;   v = alpha v + (1 - alpha) g^2;   a = alpha a + (1 - alpha) g
//   d = g / (sqrt(centered ? v - a^2 : v) + eps);   b = momentum b + d;   p -= lr (momentum > 0 ? b : d)
// Lists of `count` views; those of one index share shape and strides, dense. p, g: one float dtype
// v, a, b: float32 (float64 for float64); a null unless centered, b null without momentum
struct RmspropKernels {
  void (*step)(const View* params, const View* grads, const View* v, const View* a, const View* b, std::int64_t count,
               RmspropOptions options);
};
TILESTACK_KERNELS(RmspropKernels, rmsprop)

void rmsprop(const std::vector<Tensor>& params, const std::vector<Tensor>& grads,
             const std::vector<Tensor>& square_avgs, const std::vector<Tensor>& grad_avgs,
             const std::vector<Tensor>& momenta, RmspropOptions options);

}  // namespace tilestack

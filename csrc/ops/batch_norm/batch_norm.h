#pragma once
#include "core/kernels.h"

namespace tilestack {

// y = (x - mean) * r * w + b, with r = 1 / sqrt(variance + eps), for each channel.
// x, y, dy, dx: (rows, channels), float, contiguous; rows are all positions of all images. On the CPU also
// (batch, channels, positions), float32, contiguous and not empty.
// mean, variance: (channels), float32 (float64 for float64)   w, b: (channels), x's dtype, each may be undefined (1 and
// 0)
struct BatchNormKernels {
  // If `training`, overwrites mean and the biased variance first: sums over blocks about each block's mean, merged in
  // order, so nothing cancels. Both are 0 if there are no rows.
  void (*forward)(View x, View mean, View variance, View w, View b, View y, double eps, bool training);
  // running += momentum * (new - running), with `correction` times the variance. (channels), any stride and float
  // dtype.
  void (*update_running)(View mean, View variance, View running_mean, View running_var, double momentum,
                         double correction);
  // Overwrites dx, dw and db; each may be undefined. `training`: mean and variance were those of x, else constants.
  void (*backward)(View x, View mean, View variance, View w, View dy, View dx, View dw, View db, double eps,
                   bool training);
};
TILESTACK_KERNELS(BatchNormKernels, batch_norm)

// x: (batch, channels, ...); 4-D results are channels-last, on the CPU as x is if it is contiguous. running_mean and
// running_var, each of which may be undefined when training, are then updated in place, with the unbiased variance.
Tensor batch_norm(const Tensor& x, const Tensor& running_mean, const Tensor& running_var, const Tensor& weight,
                  const Tensor& bias, bool training, double momentum, double eps);

}  // namespace tilestack

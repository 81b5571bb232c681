#pragma once
#include "core/kernels.h"

namespace tilestack {

class Dims;

// y(o) = mean of x over window o, which covers floor(o in / out) up to ceil((o + 1) in / out) in height and in width.
// x: (batch, channels, height, width), channels-last, float   y: (batch, channels, out height, out width),
// channels-last
struct AdaptiveAvgPool2dKernels {
  void (*forward)(View x, View y);
  void (*backward)(View dy, View dx);  // overwrites dx
};
TILESTACK_KERNELS(AdaptiveAvgPool2dKernels, adaptive_avg_pool2d)

// x: (batch, channels, height, width) or (channels, height, width). output_size: one number or two; -1 keeps x's size.
Tensor adaptive_avg_pool2d(const Tensor& x, const Dims& output_size);

}  // namespace tilestack

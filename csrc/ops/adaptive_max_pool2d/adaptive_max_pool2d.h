#pragma once
#include <utility>

#include "core/kernels.h"

namespace tilestack {

class Dims;

// y(o) = largest x in window o, NaN if there is one; windows as in adaptive_avg_pool2d.
// x: (batch, channels, height, width), channels-last, float   y: (batch, channels, out height, out width),
// channels-last tap: y's layout, int32: which of the window's positions won, the first of equal ones
struct AdaptiveMaxPool2dKernels {
  void (*forward)(View x, View y, View tap);     // tap may be undefined
  void (*backward)(View dy, View tap, View dx);  // overwrites dx
};
TILESTACK_KERNELS(AdaptiveMaxPool2dKernels, adaptive_max_pool2d)

// x: (batch, channels, height, width) or (channels, height, width). output_size: one number or two; -1 keeps x's size.
Tensor adaptive_max_pool2d(const Tensor& x, const Dims& output_size);
// With the int64 positions of the largest values, row * width + column.
std::pair<Tensor, Tensor> adaptive_max_pool2d_with_indices(const Tensor& x, const Dims& output_size);

}  // namespace tilestack

#pragma once
#include <utility>

#include "core/kernels.h"
#include "core/window.h"

namespace tilestack {

class Dims;

// y(o) = largest x in window o; padding never wins, NaN does.
// x: (batch, channels, height, width), float   y: the pooled shape   all channels-last or, float32 on the CPU,
// contiguous tap: y's layout, uint8 or int32: which of the window's positions won, row by row, the first of equal ones
struct MaxPool2dKernels {
  void (*forward)(View x, View y, View tap, Window2d window);     // tap may be undefined
  void (*backward)(View dy, View tap, View dx, Window2d window);  // overwrites dx
};
TILESTACK_KERNELS(MaxPool2dKernels, max_pool2d)

// x: (batch, channels, height, width) or (channels, height, width). An empty stride is the kernel's size.
Tensor max_pool2d(const Tensor& x, const Dims& kernel_size, const Dims& stride, const Dims& padding,
                  const Dims& dilation, bool ceil_mode);
// With the int64 positions of the largest values, row * width + column.
std::pair<Tensor, Tensor> max_pool2d_with_indices(const Tensor& x, const Dims& kernel_size, const Dims& stride,
                                                  const Dims& padding, const Dims& dilation, bool ceil_mode);

}  // namespace tilestack

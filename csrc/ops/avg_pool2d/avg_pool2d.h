#pragma once
#include <optional>

#include "core/kernels.h"
#include "core/window.h"

namespace tilestack {

class Dims;

// What a window's sum is divided by: `fixed` if that is not 0, else its positions, with or without those in the
// padding.
struct PoolDivisor {
  std::int64_t fixed;
  bool count_padding;
};

// y(o) = sum of x over window o / divisor(o).
// x: (batch, channels, height, width), float   y: the pooled shape   all channels-last or, float32 on the CPU,
// contiguous
struct AvgPool2dKernels {
  void (*forward)(View x, View y, Window2d window, PoolDivisor divisor);
  void (*backward)(View dy, View dx, Window2d window, PoolDivisor divisor);  // overwrites dx
};
TILESTACK_KERNELS(AvgPool2dKernels, avg_pool2d)

// x: (batch, channels, height, width) or (channels, height, width). An empty stride is the kernel's size.
Tensor avg_pool2d(const Tensor& x, const Dims& kernel_size, const Dims& stride, const Dims& padding, bool ceil_mode,
                  bool count_include_pad, std::optional<std::int64_t> divisor_override);

}  // namespace tilestack

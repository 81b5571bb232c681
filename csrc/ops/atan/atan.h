#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

// y = arctan(x).   x: any shape; integers become float32   saved: x   dx = dy / (1 + x^2)
TILESTACK_KERNELS(UnaryKernels, atan)

Tensor atan(const Tensor& x);

}  // namespace tilestack

#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

// y = cos(x).   x: any shape; integers become float32   saved: x   dx = -dy sin(x)
TILESTACK_KERNELS(UnaryKernels, cos)

Tensor cos(const Tensor& x);

}  // namespace tilestack

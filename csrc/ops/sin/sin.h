#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

// y = sin(x).   x: any shape; integers become float32   saved: x   dx = dy cos(x)
TILESTACK_KERNELS(UnaryKernels, sin)

Tensor sin(const Tensor& x);

}  // namespace tilestack

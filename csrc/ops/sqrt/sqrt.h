#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

// y = sqrt(x); NaN below 0.   x: any shape; integers become float32   saved: y   dx = dy / (2 y)
TILESTACK_KERNELS(UnaryKernels, sqrt)

Tensor sqrt(const Tensor& x);

}  // namespace tilestack

#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

// y = arccos(x), NaN beyond [-1, 1].   x: any shape; integers become float32   saved: x   dx = -dy / sqrt(1 - x^2)
TILESTACK_KERNELS(UnaryKernels, acos)

Tensor acos(const Tensor& x);

}  // namespace tilestack

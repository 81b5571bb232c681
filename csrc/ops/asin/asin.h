#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

// y = arcsin(x), NaN beyond [-1, 1].   x: any shape; integers become float32   saved: x   dx = dy / sqrt(1 - x^2)
TILESTACK_KERNELS(UnaryKernels, asin)

Tensor asin(const Tensor& x);

}  // namespace tilestack

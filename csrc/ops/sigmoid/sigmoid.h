#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

// y = 1 / (1 + exp(-x)).   x: any shape; integers become float32   saved: y   dx = dy y (1 - y)
TILESTACK_KERNELS(UnaryKernels, sigmoid)

Tensor sigmoid(const Tensor& x);

}  // namespace tilestack

#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

// y = log2(x); -infinity at 0, NaN below.   x: any shape; integers become float32   saved: x   dx = dy / (x ln 2)
TILESTACK_KERNELS(UnaryKernels, log2)

Tensor log2(const Tensor& x);

}  // namespace tilestack

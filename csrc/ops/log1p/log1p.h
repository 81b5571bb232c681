#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

// y = ln(1 + x); -infinity at -1, NaN below.   x: any shape; integers become float32   saved: x   dx = dy / (1 + x)
TILESTACK_KERNELS(UnaryKernels, log1p)

Tensor log1p(const Tensor& x);

}  // namespace tilestack

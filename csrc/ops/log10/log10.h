#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

// y = log10(x); -infinity at 0, NaN below.   x: any shape; integers become float32   saved: x   dx = dy / (x ln 10)
TILESTACK_KERNELS(UnaryKernels, log10)

Tensor log10(const Tensor& x);

}  // namespace tilestack

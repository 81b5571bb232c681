#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

// y = (e^x + e^-x) / 2.   x: any shape; integers become float32   saved: x   dx = dy sinh(x)
TILESTACK_KERNELS(UnaryKernels, cosh)

Tensor cosh(const Tensor& x);

}  // namespace tilestack

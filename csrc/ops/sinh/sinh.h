#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

// y = (e^x - e^-x) / 2.   x: any shape; integers become float32   saved: x   dx = dy cosh(x)
TILESTACK_KERNELS(UnaryKernels, sinh)

Tensor sinh(const Tensor& x);

}  // namespace tilestack

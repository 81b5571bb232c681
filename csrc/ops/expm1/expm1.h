#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

// y = e^x - 1.   x: any shape; integers become float32   saved: y   dx = dy (y + 1)
TILESTACK_KERNELS(UnaryKernels, expm1)

Tensor expm1(const Tensor& x);

}  // namespace tilestack

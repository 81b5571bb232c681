#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

// y = ln(x + sqrt(x^2 - 1)), NaN below 1.   x: any shape; integers become float32   saved: x   dx = dy / sqrt(x^2 - 1)
TILESTACK_KERNELS(UnaryKernels, acosh)

Tensor acosh(const Tensor& x);

}  // namespace tilestack

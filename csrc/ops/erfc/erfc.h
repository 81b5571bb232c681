#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

// y = 1 - erf(x), without cancellation.   x: any shape; integers become float32   saved: x   dx = -dy 2 / sqrt(pi)
// e^(-x^2)
TILESTACK_KERNELS(UnaryKernels, erfc)

Tensor erfc(const Tensor& x);

}  // namespace tilestack

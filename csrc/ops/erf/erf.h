#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

// y = 2 / sqrt(pi) integral of exp(-t^2) from 0 to x.   x: any shape; integers become float32   saved: x   dx = dy 2 /
// sqrt(pi) exp(-x^2)
TILESTACK_KERNELS(UnaryKernels, erf)

Tensor erf(const Tensor& x);

}  // namespace tilestack

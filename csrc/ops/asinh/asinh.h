#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

// y = ln(x + sqrt(x^2 + 1)).   x: any shape; integers become float32   saved: x   dx = dy / sqrt(x^2 + 1)
TILESTACK_KERNELS(UnaryKernels, asinh)

Tensor asinh(const Tensor& x);

}  // namespace tilestack

#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

// y = ln((1 + x) / (1 - x)) / 2, NaN beyond [-1, 1].   x: any shape; integers become float32   saved: x   dx = dy / (1
// - x^2)
TILESTACK_KERNELS(UnaryKernels, atanh)

Tensor atanh(const Tensor& x);

}  // namespace tilestack

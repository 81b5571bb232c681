#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

// Sigmoid linear unit (Elfwing et al., 2017).   x: any shape, float   saved: x
// y = x s with s = sigmoid(x)   dx = dy (s + x s (1 - s))
TILESTACK_KERNELS(UnaryKernels, silu)

Tensor silu(const Tensor& x);

}  // namespace tilestack

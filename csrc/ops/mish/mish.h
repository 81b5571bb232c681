#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

// Mish (Misra, 2019).   x: any shape, float   saved: x
// y = x tanh(ln(1 + e^x)) = x n / (n + 2) with n = e (e + 2), e = e^x; from x = 20 on, y = x
// dx = dy (n / (n + 2) + 4 x e (e + 1) / (n + 2)^2)
TILESTACK_KERNELS(UnaryKernels, mish)

Tensor mish(const Tensor& x);

}  // namespace tilestack

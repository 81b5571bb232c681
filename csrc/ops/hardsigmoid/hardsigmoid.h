#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

// y = min(max(x + 3, 0), 6) / 6.   x: any shape, float   saved: x   dx = dy / 6 where -3 < x < 3, else 0
TILESTACK_KERNELS(UnaryKernels, hardsigmoid)

Tensor hardsigmoid(const Tensor& x);

}  // namespace tilestack

#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

// y = max(x, 0); NaN stays NaN.   x: any shape, any number   saved: y   dx = dy where y > 0, else 0
TILESTACK_KERNELS(UnaryKernels, relu)

Tensor relu(const Tensor& x);

}  // namespace tilestack

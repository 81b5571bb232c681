#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

// y = x / (1 + |x|).   x: any shape, float   saved: x   dx = dy / (1 + |x|)^2
TILESTACK_KERNELS(UnaryKernels, softsign)

Tensor softsign(const Tensor& x);

}  // namespace tilestack

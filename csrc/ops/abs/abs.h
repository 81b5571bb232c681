#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

// y = |x|.   x: any shape, any number   saved: x   dx = dy sign(x), 0 at 0
TILESTACK_KERNELS(UnaryKernels, abs)

Tensor abs(const Tensor& x);

}  // namespace tilestack

#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

// y = ln(x); -inf at 0, NaN below.   x: any shape; integers become float32   saved: x   dx = dy / x
TILESTACK_KERNELS(UnaryKernels, log)

Tensor log(const Tensor& x);

}  // namespace tilestack

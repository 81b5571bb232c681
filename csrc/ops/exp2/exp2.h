#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

// y = 2^x.   x: any shape; integers become float32   saved: y   dx = dy y ln 2
TILESTACK_KERNELS(UnaryKernels, exp2)

Tensor exp2(const Tensor& x);

}  // namespace tilestack

#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

// y = e^x.   x: any shape; integers become float32   saved: y   dx = dy y
TILESTACK_KERNELS(UnaryKernels, exp)

Tensor exp(const Tensor& x);

}  // namespace tilestack

#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

// y = tan(x).   x: any shape; integers become float32   saved: y   dx = dy (1 + y^2)
TILESTACK_KERNELS(UnaryKernels, tan)

Tensor tan(const Tensor& x);

}  // namespace tilestack

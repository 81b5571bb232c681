#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

// Hard swish (Howard et al., 2019).   x: any shape, float   saved: x
// y = x min(max(x + 3, 0), 6) / 6   dx = 0 up to -3, dy (2 x + 3) / 6 below 3, dy from there on
TILESTACK_KERNELS(UnaryKernels, hardswish)

Tensor hardswish(const Tensor& x);

}  // namespace tilestack

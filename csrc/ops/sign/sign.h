#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

// y = 1 above 0, -1 below, else 0, also for NaN.   x: any shape, any number   dx = 0
TILESTACK_KERNELS(UnaryMap, sign)

Tensor sign(const Tensor& x);

}  // namespace tilestack

#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

// y = the largest integer <= x.   x: any shape, any number; integers are themselves   dx = 0
TILESTACK_KERNELS(UnaryMap, floor)

Tensor floor(const Tensor& x);

}  // namespace tilestack

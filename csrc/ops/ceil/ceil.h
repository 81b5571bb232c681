#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

// y = the smallest integer >= x.   x: any shape, any number; integers are themselves   dx = 0
TILESTACK_KERNELS(UnaryMap, ceil)

Tensor ceil(const Tensor& x);

}  // namespace tilestack

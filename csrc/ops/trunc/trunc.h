#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

// y = x without its fraction.   x: any shape, any number; integers are themselves   dx = 0
TILESTACK_KERNELS(UnaryMap, trunc)

Tensor trunc(const Tensor& x);

}  // namespace tilestack

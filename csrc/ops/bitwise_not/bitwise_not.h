#pragma once
#include "core/kernels.h"

namespace tilestack {

// y = ~x, by bitwise_xor's kernel.   x: any shape, integer or bool
Tensor bitwise_not(const Tensor& x);

}  // namespace tilestack

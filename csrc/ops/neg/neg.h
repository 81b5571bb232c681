#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

// y = -x.   x: any shape, any number; unsigned integers wrap
TILESTACK_KERNELS(UnaryMap, neg)

Tensor neg(const Tensor& x);

}  // namespace tilestack

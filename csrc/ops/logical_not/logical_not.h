#pragma once
#include "core/kernels.h"

namespace tilestack {

// y = (x == 0), bool, by eq's kernel.   x: any shape, any dtype
Tensor logical_not(const Tensor& x);

}  // namespace tilestack

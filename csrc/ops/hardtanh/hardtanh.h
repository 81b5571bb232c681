#pragma once
#include "core/parametric.h"

namespace tilestack {

// y = min(max(x, a), b); NaN stays.   x: any shape, float   dx = dy where a < x < b, else 0
TILESTACK_KERNELS(ParametricKernels, hardtanh)

Tensor hardtanh(const Tensor& x, double min_val, double max_val);

}  // namespace tilestack

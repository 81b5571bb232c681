#pragma once
#include "core/parametric.h"

namespace tilestack {

// y = x above a, b up to it; NaN stays.   x: any shape, float   dx = dy or 0
TILESTACK_KERNELS(ParametricKernels, threshold)

Tensor threshold(const Tensor& x, double threshold, double value);

}  // namespace tilestack

#pragma once
#include "core/parametric.h"

namespace tilestack {

// y = x above 0, x a up to it; a: the slope there.   x: any shape, float   dx = dy or dy a
TILESTACK_KERNELS(ParametricKernels, leaky_relu)

Tensor leaky_relu(const Tensor& x, double negative_slope);

}  // namespace tilestack

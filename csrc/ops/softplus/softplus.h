#pragma once
#include "core/parametric.h"

namespace tilestack {

// y = ln(1 + e^(a x)) / a, or x where a x > b.   x: any shape, float   dx = dy sigmoid(a x), or dy
TILESTACK_KERNELS(ParametricKernels, softplus)

Tensor softplus(const Tensor& x, double beta, double threshold);

}  // namespace tilestack

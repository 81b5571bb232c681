#pragma once
#include "core/parametric.h"

namespace tilestack {

// Exponential linear units, plain ones (Clevert et al., 2015), scaled ones and continuously differentiable ones.
// y = b x above 0, a (e^(c x) - 1) up to it.   x: any shape, float   dx = dy b or dy a c e^(c x)
TILESTACK_KERNELS(ParametricKernels, elu)

Tensor elu(const Tensor& x, double alpha);
Tensor selu(const Tensor& x);                // Klambauer et al., 2017
Tensor celu(const Tensor& x, double alpha);  // Barron, 2017

}  // namespace tilestack

#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

// y = ln(sigmoid(x)) = min(x, 0) - ln(1 + exp(-|x|)).   x: any shape, float   saved: x   dx = dy sigmoid(-x)
TILESTACK_KERNELS(UnaryKernels, logsigmoid)

Tensor logsigmoid(const Tensor& x);

}  // namespace tilestack

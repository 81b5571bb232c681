#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

// Gated linear unit (Dauphin et al., 2016): y = a s with s = sigmoid(b).   da = dy s   db = dy a s (1 - s)
// a, b: the halves of x along a dimension, float
TILESTACK_KERNELS(BinaryKernels, glu)

// ValueError where the dimension's size is odd.
Tensor glu(const Tensor& x, std::int64_t dim);

}  // namespace tilestack

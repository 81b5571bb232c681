#pragma once
#include "ops/softmax/softmax.h"

namespace tilestack {

// y = x - max - log(sum(exp(x - max))); otherwise as softmax.
// backward: dx = dy - exp(y) sum(dy).
TILESTACK_KERNELS(SoftmaxKernels, log_softmax)

// Along dim. dtype: what x is converted to first.
Tensor log_softmax(const Tensor& x, std::int64_t dim, std::optional<DType> dtype);

}  // namespace tilestack

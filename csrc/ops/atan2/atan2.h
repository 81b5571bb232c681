#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

struct Operand;

// y = the angle of the point (b, a), in [-pi, pi].   a, b: tensors or numbers, promoted and broadcast; integers become
// float32 da = dy b / (a^2 + b^2)   db = -dy a / (a^2 + b^2)
TILESTACK_KERNELS(BinaryKernels, atan2)

Tensor atan2(const Operand& a, const Operand& b);

}  // namespace tilestack

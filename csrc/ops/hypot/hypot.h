#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

struct Operand;

// y = sqrt(a^2 + b^2), without overflow.   a, b: tensors or numbers, promoted and broadcast; integers become float32
// da = dy a / y   db = dy b / y
TILESTACK_KERNELS(BinaryKernels, hypot)

Tensor hypot(const Operand& a, const Operand& b);

}  // namespace tilestack

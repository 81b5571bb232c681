#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

struct Operand;

// y = ln(e^a + e^b), without overflow.   a, b: tensors or numbers, promoted and broadcast; integers become float32
// da = dy sigmoid(a - b)   db = dy sigmoid(b - a)
TILESTACK_KERNELS(BinaryKernels, logaddexp)

Tensor logaddexp(const Operand& a, const Operand& b);

}  // namespace tilestack

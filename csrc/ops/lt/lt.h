#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

struct Operand;

// y = a < b, bool.   a, b: tensors or numbers, promoted and broadcast
TILESTACK_KERNELS(BinaryMap, lt)

Tensor lt(const Operand& a, const Operand& b);

}  // namespace tilestack

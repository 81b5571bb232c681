#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

struct Operand;

// y = a - b floor(a / b), as Python's a % b, with b's sign. Of integers by 0: 0.
// a, b: tensors or numbers, promoted and broadcast   da = dy   db = -dy floor(a / b)
TILESTACK_KERNELS(BinaryMap, remainder)

Tensor remainder(const Operand& a, const Operand& b);

}  // namespace tilestack

#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

struct Operand;

// y = floor(a / b), as Python's a // b. Of integers by 0: 0.   a, b: tensors or numbers, promoted and broadcast
// Without a gradient.
TILESTACK_KERNELS(BinaryMap, floor_divide)

Tensor floor_divide(const Operand& a, const Operand& b);

}  // namespace tilestack

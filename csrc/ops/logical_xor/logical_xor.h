#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

struct Operand;

// y = a exclusive or b, bool; what is not 0 is true.   a, b: tensors or numbers, broadcast

Tensor logical_xor(const Operand& a, const Operand& b);

}  // namespace tilestack

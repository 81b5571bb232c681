#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

struct Operand;

// y = a > b, bool, by lt's kernel with the operands swapped.

Tensor gt(const Operand& a, const Operand& b);

}  // namespace tilestack

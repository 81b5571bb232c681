#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

struct Operand;

// y = a >= b, bool, by le's kernel with the operands swapped.

Tensor ge(const Operand& a, const Operand& b);

}  // namespace tilestack

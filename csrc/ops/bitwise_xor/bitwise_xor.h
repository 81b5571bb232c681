#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

struct Operand;

// y = a ^ b, bit by bit.   a, b: integer or bool tensors, or numbers, promoted and broadcast
TILESTACK_KERNELS(BinaryMap, bitwise_xor)

Tensor bitwise_xor(const Operand& a, const Operand& b);

}  // namespace tilestack

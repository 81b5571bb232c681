#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

struct Operand;

// y = a b.   a, b: tensors of any dtype or numbers, promoted and broadcast; of bools: and
TILESTACK_KERNELS(BinaryMap, mul)

Tensor mul(const Operand& a, const Operand& b);
void mul_into(const Tensor& to, const Operand& a, const Operand& b);

}  // namespace tilestack

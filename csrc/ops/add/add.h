#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

struct Operand;

// y = a + b.   a, b: tensors of any dtype or numbers, promoted and broadcast; of bools: or
TILESTACK_KERNELS(BinaryMap, add)

Tensor add(const Operand& a, const Operand& b);
void add_into(const Tensor& to, const Operand& a, const Operand& b);

}  // namespace tilestack

#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

struct Operand;

// y = a - b.   a, b: tensors of any number or numbers, promoted and broadcast; bools have no difference
TILESTACK_KERNELS(BinaryMap, sub)

Tensor sub(const Operand& a, const Operand& b);
void sub_into(const Tensor& to, const Operand& a, const Operand& b);

}  // namespace tilestack

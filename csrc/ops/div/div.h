#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

struct Operand;

// y = a / b.   a, b: tensors or numbers, promoted and broadcast; two integers give float32
// da = dy / b   db = -dy a / b^2
TILESTACK_KERNELS(BinaryKernels, div)

Tensor div(const Operand& a, const Operand& b);
void div_into(const Tensor& to, const Operand& a, const Operand& b);

}  // namespace tilestack

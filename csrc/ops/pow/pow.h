#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

struct Operand;

// y = a^b.   a, b: tensors or numbers, promoted and broadcast; integers with integers stay integers, which need b >= 0
// da = dy b a^(b-1)   db = dy y ln(a), 0 at a = 0
TILESTACK_KERNELS(BinaryKernels, pow)

Tensor pow(const Operand& a, const Operand& b);

}  // namespace tilestack

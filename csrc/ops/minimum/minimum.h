#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

struct Operand;

// y = the smaller of a and b; NaN if either is.   a, b: tensors or numbers, promoted and broadcast
// dy goes to the smaller; half of it to each where they are equal.
TILESTACK_KERNELS(BinaryKernels, minimum)

Tensor minimum(const Operand& a, const Operand& b);

}  // namespace tilestack

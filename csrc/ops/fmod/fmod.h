#pragma once
#include "core/op.h"

namespace tilestack {

// y = a - b trunc(a / b), C's fmod, with a's sign; of integers by 0: 0.
// a, b: tensors or numbers, promoted and broadcast   da = dy   db = -dy trunc(a / b)
Tensor fmod(const Operand& a, const Operand& b);

}  // namespace tilestack

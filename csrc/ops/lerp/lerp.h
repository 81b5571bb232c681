#pragma once
#include "core/tensor.h"

namespace tilestack {

struct Operand;

// y = a + w (b - a), or b - (b - a) (1 - w) where |w| >= 1/2, so that both ends come out exactly; by sub, mul, add and
// where, in float32 for 16-bit floats.
// a, b: tensors of one float dtype   w: a number or a tensor of that dtype   all broadcast
Tensor lerp(const Tensor& a, const Tensor& b, const Operand& w);

}  // namespace tilestack

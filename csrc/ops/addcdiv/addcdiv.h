#pragma once
#include "core/tensor.h"

namespace tilestack {

struct Scalar;

// y = x + value a / b, by div, mul and add, in float32 for 16-bit floats.
// x, a, b: tensors, at least one of floats, promoted and broadcast
Tensor addcdiv(const Tensor& x, const Tensor& a, const Tensor& b, const Scalar& value);

}  // namespace tilestack

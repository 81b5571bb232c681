#pragma once
#include <string>

#include "core/elementwise_kernels.h"

namespace tilestack {

struct Operand;

// y = a / b.   a, b: tensors or numbers, promoted and broadcast; two integers give float32
// da = dy / b   db = -dy a / b^2
TILESTACK_KERNELS(BinaryKernels, div)

Tensor div(const Operand& a, const Operand& b);
// rounding: "trunc" or "floor", with a gradient of 0; integers stay integers.
Tensor rounded_div(const Operand& a, const Operand& b, const std::string& rounding);
void div_into(const Tensor& to, const Operand& a, const Operand& b);

}  // namespace tilestack

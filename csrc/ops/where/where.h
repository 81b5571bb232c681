#pragma once
#include "core/kernels.h"

namespace tilestack {

struct Operand;

// y = a where condition holds, else b.   condition: bool   a, b, y: one dtype, any; one shape, any strides
struct WhereKernels {
  void (*forward)(View condition, View a, View b, View y);
};
TILESTACK_KERNELS(WhereKernels, where)

// condition: tensor, true where it is not 0; a, b: tensors or numbers, promoted; all broadcast.
Tensor where(const Tensor& condition, const Operand& a, const Operand& b);

}  // namespace tilestack

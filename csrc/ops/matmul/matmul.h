#pragma once
#include "core/kernels.h"

namespace tilestack {

// y = a b.   a: (batch..., m, k)   b: (batch..., k, n)   y: (batch..., m, n)
// The batch dimensions are the same, a broadcast one with stride 0; a and b have any strides, y's last two dimensions
// are contiguous. Floats accumulate in float or double, integers in their own type, wrapping.
struct MatmulKernels {
  void (*forward)(View a, View b, View y);
};
TILESTACK_KERNELS(MatmulKernels, matmul)

// As numpy: a 1-D a is a row, a 1-D b a column, leading dimensions are batches and broadcast.
Tensor matmul(const Tensor& a, const Tensor& b);

}  // namespace tilestack

#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

// y = a s b with s = sigmoid(a), the SwiGLU gate (Shazeer, 2020).   a, b: float, broadcast
// da = dy b (s + a s (1 - s))   db = dy a s
TILESTACK_KERNELS(BinaryKernels, swiglu)

Tensor swiglu(const Tensor& gate, const Tensor& up);

}  // namespace tilestack

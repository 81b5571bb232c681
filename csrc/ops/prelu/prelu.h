#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

// y = a above 0, a b up to it (He et al., 2015).   da = dy or dy b   db = 0 or dy a
// a: (batch, channels, ...), float   b: one slope or one for each channel, broadcast
TILESTACK_KERNELS(BinaryKernels, prelu)

// weight: 1 or channels; x of fewer than two dimensions has one channel.
Tensor prelu(const Tensor& x, const Tensor& weight);

}  // namespace tilestack

#pragma once
#include "core/kernels.h"

namespace tilestack {

// The positions of the elements of x that are not zero (NaN is not), in order.   x: contiguous, any dtype
struct NonzeroKernels {
  std::int64_t (*count)(View x);
  void (*forward)(View x, View y);  // y: (count, x.ndim), int64
};
TILESTACK_KERNELS(NonzeroKernels, nonzero)

// (count, x.dim()), int64
Tensor nonzero_matrix(const Tensor& x);

}  // namespace tilestack

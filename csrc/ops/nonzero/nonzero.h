#pragma once
#include "core/kernels.h"

namespace tilestack {

// The positions of the elements of x that are not zero (NaN is not), in order.
// x: contiguous, any dtype   before: int64, one for each chunk of kNonzeroChunk elements: how many such elements come
// before it   y: (count, x.ndim), int64
constexpr std::int64_t kNonzeroChunk = 4096;

struct NonzeroKernels {
  std::int64_t (*count)(View x, View before);  // writes before; returns how many there are
  void (*forward)(View x, View before, View y);
};
TILESTACK_KERNELS(NonzeroKernels, nonzero)

// (count, x.dim()), int64
Tensor nonzero_matrix(const Tensor& x);

}  // namespace tilestack

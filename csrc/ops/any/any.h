#pragma once
#include <optional>

#include "core/kernels.h"

namespace tilestack {

class Dims;

// y = whether any x (or every x) over the dimensions in which y has size 1 is not zero; a NaN is not zero.
// x: any strides >= 1, one of them 1; any dtype   y: bool
struct AnyKernels {
  void (*forward)(View x, View y, bool every);
};
TILESTACK_KERNELS(AnyKernels, any)

// Over dim (none: all). Of nothing: False.
Tensor any(const Tensor& x, const std::optional<Dims>& dim, bool keepdim);

}  // namespace tilestack

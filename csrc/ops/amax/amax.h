#pragma once
#include <optional>

#include "core/kernels.h"

namespace tilestack {

class Dims;

// y = the largest (or smallest) x over the dimensions in which y has size 1; a NaN wins.
// x: any strides >= 1, one of them 1; any dtype; not empty along them   y: x's dtype
// backward: dx = dy / n in the n elements that equal y, 0 elsewhere. x, dx: the same strides, float; it overwrites dx.
struct AmaxKernels {
  void (*forward)(View x, View y, bool smallest);
  void (*backward)(View x, View y, View dy, View dx);
};
TILESTACK_KERNELS(AmaxKernels, amax)

// Over dim (none: all). The gradient is shared equally among ties.
Tensor amax(const Tensor& x, const std::optional<Dims>& dim, bool keepdim);

// What amax and amin share.
Tensor extremum(const char* op, const Tensor& x, const std::optional<Dims>& dim, bool keepdim, bool smallest);

}  // namespace tilestack

#pragma once
#include <optional>

#include "core/kernels.h"

namespace tilestack {

class Dims;

// y = sqrt(sum of x^2) over the dimensions in which y has size 1.
// x: any strides >= 1, one of them 1; float   y: float32 (float64 for float64). Sums add up as in ops/sum.
// backward: dx = x dy / y, 0 where y is 0. x, dx: the same strides; y, dy: the same strides, dy of x's dtype; it
// overwrites dx.
struct NormKernels {
  void (*forward)(View x, View y);
  void (*backward)(View x, View y, View dy, View dx);
};
TILESTACK_KERNELS(NormKernels, norm)

// (sum of |x|^p)^(1 / p) over dim (none: all); but for p 2 it is made of other ops.
Tensor norm(const Tensor& x, double p, const std::optional<Dims>& dim, bool keepdim);

}  // namespace tilestack

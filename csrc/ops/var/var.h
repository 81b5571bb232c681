#pragma once
#include <optional>

#include "core/kernels.h"

namespace tilestack {

class Dims;

// y = sum of (x - mean)^2 / max(0, n - correction) over the dimensions in which y has size 1, or its square root.
// x: any strides >= 1, one of them 1; float   y, mean: float32 (float64 for float64)
// Two passes; sums add up as in ops/sum.
// backward: dx = (x - mean) * dy * scale, or (x - mean) * dy * scale / y where y is defined (0 where y is 0).
// x, dx: the same strides; y, mean, dy: the same strides, dy of x's dtype; it overwrites dx.
struct VarKernels {
  void (*forward)(View x, View y, View mean, double correction, bool root);
  void (*backward)(View x, View y, View mean, View dy, View dx, double scale);
};
TILESTACK_KERNELS(VarKernels, var)

// Over dim (none: all).
Tensor var(const Tensor& x, const std::optional<Dims>& dim, double correction, bool keepdim);
Tensor standard_deviation(const Tensor& x, const std::optional<Dims>& dim, double correction, bool keepdim);

}  // namespace tilestack

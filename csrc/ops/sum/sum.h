#pragma once
#include <optional>

#include "core/kernels.h"

namespace tilestack {

class Dims;

// y = scale * sum of x over the dimensions in which y has size 1.
// x: any strides >= 1, one of them 1; any dtype   y: x's dtype if that is float, else int64
// Floats add up in blocks of float32 (float64 for float64) and across blocks in float64; integers in int64, unscaled.
// backward: dx = scale * dy in every element, dx float; it overwrites dx.
struct SumKernels {
  void (*forward)(View x, View y, double scale);
  void (*backward)(View dy, View dx, double scale);
};
TILESTACK_KERNELS(SumKernels, sum)

// Over dim (none: all). Integers and bool give int64. dtype: what x is converted to first.
Tensor sum(const Tensor& x, const std::optional<Dims>& dim, bool keepdim, std::optional<DType> dtype);

// scale * sum(x), recorded under the op's name; x: float.
Tensor scaled_sum(const char* op, const Tensor& x, const Dims& kept, const Dims& result, double scale, DType dtype);

}  // namespace tilestack

#pragma once
#include <optional>

#include "core/kernels.h"

namespace tilestack {

class Dims;

// y = product of x over the dimensions in which y has size 1.
// x: any strides >= 1, one of them 1; float or int64   y: x's dtype
// Products run in float32 (float64 for float64) within blocks and in float64 across them; integers in int64.
// backward: dx = dy * (product of the others), exact for zeros in x. x, dx: the same strides; it overwrites dx.
struct ProdKernels {
  void (*forward)(View x, View y);
  void (*backward)(View x, View dy, View dx);
};
TILESTACK_KERNELS(ProdKernels, prod)

// Over dim (none: all). Integers and bool give int64. dtype: what x is converted to first.
Tensor prod(const Tensor& x, const std::optional<Dims>& dim, bool keepdim, std::optional<DType> dtype);

}  // namespace tilestack

#pragma once
#include <optional>

#include "core/kernels.h"

namespace tilestack {

// y[o, j, k] = x[o, 0, k] + ... + x[o, j, k]; reverse: from the last one down to j.
// x, y: (outer, n, inner), contiguous, one dtype: float or int64
struct CumsumKernels {
  void (*forward)(View x, View y, bool reverse);
};
TILESTACK_KERNELS(CumsumKernels, cumsum)

// Integers and bool give int64. dtype: what x is converted to first.
Tensor cumsum(const Tensor& x, std::int64_t dim, std::optional<DType> dtype);

}  // namespace tilestack

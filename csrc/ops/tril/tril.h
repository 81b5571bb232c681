#pragma once
#include "core/kernels.h"

namespace tilestack {

// y = x where j - i <= diagonal (upper: >=), else 0, in matrices (i, j) of the last two dimensions.
// x, y: (matrices, rows, columns), contiguous
struct TrilKernels {
  void (*forward)(View x, View y, std::int64_t diagonal, bool upper);
};
TILESTACK_KERNELS(TrilKernels, tril)

Tensor tril(const Tensor& x, std::int64_t diagonal);
Tensor triu(const Tensor& x, std::int64_t diagonal);

}  // namespace tilestack

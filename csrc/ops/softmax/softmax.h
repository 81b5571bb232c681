#pragma once
#include <optional>

#include "core/kernels.h"

namespace tilestack {

// y = exp(x - max) / sum(exp(x - max)) along the middle dimension.
// x, y: (outer, n, inner), contiguous, float. Sums in float32 within 4096 elements of a row and in float64 across.
// backward: dx = y (dy - sum(y dy)); it overwrites dx.
struct SoftmaxKernels {
  void (*forward)(View x, View y);
  void (*backward)(View y, View dy, View dx);
};
TILESTACK_KERNELS(SoftmaxKernels, softmax)

// Along dim. dtype: what x is converted to first.
Tensor softmax(const Tensor& x, std::int64_t dim, std::optional<DType> dtype);

// A softmax-like op: checks, kernels and tape.
Tensor along_dim(const char* op, const SoftmaxKernels& (*kernels)(Device), const Tensor& x, std::int64_t dim,
                 std::optional<DType> dtype);

}  // namespace tilestack

#pragma once
#include <vector>

#include "core/kernels.h"

namespace tilestack {

// y = (sum of |x|^p over all elements of all tensors)^(1/p); the largest |x| for infinite p; a NaN comes out.
// xs: `count` views, dense, float   y: (), float32 or float64. Sums in float32 (float64 for float64) within chunks of
// the tensors laid end to end, in float64 across.
struct GradNormKernels {
  void (*forward)(const View* xs, std::int64_t count, View y, double p);
};
TILESTACK_KERNELS(GradNormKernels, grad_norm)

// float32, or float64 if a tensor is. 0 of nothing.
Tensor grad_norm(const std::vector<Tensor>& xs, double p);

}  // namespace tilestack

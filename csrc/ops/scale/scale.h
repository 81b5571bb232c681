#pragma once
#include <vector>

#include "core/kernels.h"

namespace tilestack {

// x *= factor for all tensors, in place.   xs: `count` views, dense, float
struct ScaleKernels {
  void (*forward)(const View* xs, std::int64_t count, double factor);
};
TILESTACK_KERNELS(ScaleKernels, scale)

void scale(const std::vector<Tensor>& xs, double factor);

}  // namespace tilestack

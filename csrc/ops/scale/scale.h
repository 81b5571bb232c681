#pragma once
#include <vector>

#include "core/kernels.h"

namespace tilestack {

struct Operand;

// x *= factor for all tensors, in place.   xs: `count` views, dense, float   factor: one value, float32 or float64
struct ScaleKernels {
  void (*forward)(const View* xs, std::int64_t count, View factor);
};
TILESTACK_KERNELS(ScaleKernels, scale)

// factor: a number or a tensor of one, on the device of xs.
void scale(const std::vector<Tensor>& xs, const Operand& factor);

}  // namespace tilestack

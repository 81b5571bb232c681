#pragma once
#include <optional>

#include "core/kernels.h"

namespace tilestack {

class Dims;

// y = x * w * r, with r = 1 / sqrt(mean(x^2) + eps) for each row.
// x, y: (rows, cols), contiguous, float   w: cols elements of x's dtype, or undefined (1)
// r: rows elements, float32 (float64 for float64)
// backward overwrites dx and dw; either may be undefined.
struct RmsNormKernels {
  void (*forward)(View x, View w, View y, View r, double eps);
  void (*backward)(View x, View w, View r, View dy, View dx, View dw);
};
TILESTACK_KERNELS(RmsNormKernels, rms_norm)

// Over the last dimensions, which must be normalized_shape; w of that shape or undefined. eps: the dtype's if left out.
Tensor rms_norm(const Tensor& x, const Dims& normalized_shape, const Tensor& w, std::optional<double> eps);

}  // namespace tilestack

#pragma once
#include "core/kernels.h"

namespace tilestack {

class Dims;

// y = (x - mean) * r * w + b, with r = 1 / sqrt(variance + eps) and the biased variance, for each row.
// x, y: (rows, cols), contiguous, float   w, b: cols elements of x's dtype, each may be undefined (1 and 0)
// mean, r: rows elements, float32 (float64 for float64)
// backward overwrites dx, dw and db; each may be undefined.
struct LayerNormKernels {
  void (*forward)(View x, View w, View b, View y, View mean, View r, double eps);
  void (*backward)(View x, View w, View mean, View r, View dy, View dx, View dw, View db);
};
TILESTACK_KERNELS(LayerNormKernels, layer_norm)

// Over the last dimensions, which must be normalized_shape; weight and bias of that shape or undefined.
Tensor layer_norm(const Tensor& x, const Dims& normalized_shape, const Tensor& weight, const Tensor& bias, double eps);

}  // namespace tilestack

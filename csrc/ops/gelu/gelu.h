#pragma once
#include <string>

#include "core/kernels.h"

namespace tilestack {

// Gaussian error linear unit (Hendrycks and Gimpel, 2016).   x: any shape, float
// y = x (1 + erf(x / sqrt(2))) / 2, or with tanh = true y = x (1 + tanh(u)) / 2, u = sqrt(2 / pi) (x + 0.044715 x^3)
struct GeluKernels {
  void (*forward)(View x, View y, bool tanh);
  void (*backward)(View x, View dy, View dx, bool tanh);
};
TILESTACK_KERNELS(GeluKernels, gelu)

// approximate: "none" or "tanh"
Tensor gelu(const Tensor& x, const std::string& approximate);

}  // namespace tilestack

#pragma once
#include "core/kernels.h"

namespace tilestack {

struct ResponseNorm {
  std::int64_t size;
  double alpha, beta, k;
};

// y[p, c] = x[p, c] s^-beta, s[p, c] = k + alpha / size * sum of x[p, d]^2 over d in [c - size / 2, c + (size - 1) / 2]
// backward: dx[p, d] = dy s^-beta - 2 alpha beta / size x[p, d] * (sum of dy x s^(-beta - 1) over the c whose window
// holds d); it overwrites dx.   x, y, dy, dx: (positions, channels), contiguous, float
struct LocalResponseNormKernels {
  void (*forward)(View x, View y, ResponseNorm norm);
  void (*backward)(View x, View dy, View dx, ResponseNorm norm);
};
TILESTACK_KERNELS(LocalResponseNormKernels, local_response_norm)

// Across channels (Krizhevsky et al., 2012). x: (batch, channels, ...) with at least 3 dimensions.
Tensor local_response_norm(const Tensor& x, std::int64_t size, double alpha, double beta, double k);

}  // namespace tilestack

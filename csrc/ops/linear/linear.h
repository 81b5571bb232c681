#pragma once
#include "core/activation.h"
#include "core/kernels.h"

namespace tilestack {

// y = activation(x w^T + b) + r.   x: (rows, in)   w: (out, in)   b: (out)   y, r: (rows, out)
// x and w have any strides, dw may be transposed, all others are contiguous. b and r may be undefined. pre, if defined,
// gets x w^T + b. backward overwrites those of dx, dw, db that are defined; `saved` is pre for the gelus, else y. It
// reads x for dw, w for dx, saved for an activation; what it does not read may be undefined. r gets dy.
struct LinearKernels {
  void (*forward)(View x, View w, View b, View r, View y, View pre, Activation activation);
  void (*backward)(View x, View w, View saved, View dy, View dx, View dw, View db, Activation activation);
};
TILESTACK_KERNELS(LinearKernels, linear)

TILESTACK_INLINE View transposed(const View& x) {
  View y = x;
  for (int i = 0; i < 2; ++i) {
    y.shape[i] = x.shape[1 - i];
    y.strides[i] = x.strides[1 - i];
  }
  return y;
}

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias, Activation activation, const Tensor& residual);

}  // namespace tilestack

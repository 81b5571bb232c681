#pragma once
#include "core/activation.h"
#include "core/kernels.h"

namespace tilestack {

// (height, width) each.
struct Conv2dSteps {
  std::int64_t stride[2], padding[2], dilation[2], groups;
};

// What is contiguous rather than channels-last in memory.
enum class Planes : std::int8_t { none, x, all };

// y[n, o, i, j] = activation(b[o] + sum over c, u, v of x[n, c, i stride - padding + u dilation, ...] w[o, c, u, v])
// x: (batch, channels, height, width)   w: (out, channels / groups, kh, kw)   b: (out)   y: (batch, out, height',
// width')
// x, y, pre, saved, dy and dx are channels-last in memory, or what `planes` says, w, b, dw and db contiguous. b may be
// undefined. pre, if defined, gets what goes into the activation. backward overwrites those of dx, dw, db that are
// defined; `saved` is pre for the gelus, else y. It reads x for dw, w for dx and for its shape, saved for an
// activation.
struct Conv2dKernels {
  void (*forward)(View x, View w, View b, View y, View pre, const Conv2dSteps& steps, Activation activation);
  void (*backward)(View x, View w, View saved, View dy, View dx, View dw, View db, const Conv2dSteps& steps,
                   Activation activation);
  // What the others want, or at least take without a loss of time, where x is contiguous.
  Planes (*planes)(View x, View w, View y, const Conv2dSteps& steps) = nullptr;
};
TILESTACK_KERNELS(Conv2dKernels, conv2d)

// stride, padding, dilation: one number or (height, width). x may lack the batch.
class Dims;
Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias, const Dims& stride, const Dims& padding,
              const Dims& dilation, std::int64_t groups, Activation activation = Activation::none);

}  // namespace tilestack

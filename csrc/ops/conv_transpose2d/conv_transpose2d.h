#pragma once
#include <cstdint>

namespace tilestack {

class Dims;
class Tensor;

// y[n, o, i stride - padding + u dilation, ...] += x[n, c, i, ...] w[c, o, u, ...], + b[o]: what conv2d does to its
// gradient, by its kernels.   x: (batch, in, height, width) or without batch   w: (in, out / groups, kh, kw)   b: (out)
Tensor conv_transpose2d(const Tensor& x, const Tensor& weight, const Tensor& bias, const Dims& stride,
                        const Dims& padding, const Dims& output_padding, std::int64_t groups, const Dims& dilation);

}  // namespace tilestack

#pragma once
#include <cstdint>

namespace tilestack {

class Dims;
class Tensor;

// columns[n, (c, u, v), (i, j)] = x[n, c, i stride - padding + u dilation, j ...], 0 outside of x. By copy's kernel;
// the matrix products of conv2d need no such columns.
Tensor unfold(const Tensor& x, const Dims& kernel_size, const Dims& dilation, const Dims& padding, const Dims& stride);
// The transposed map: windows that overlap are added up, in float32 at least. One pass of add for each (u, v).
Tensor fold(const Tensor& columns, const Dims& output_size, const Dims& kernel_size, const Dims& dilation,
            const Dims& padding, const Dims& stride);

}  // namespace tilestack

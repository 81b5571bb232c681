#pragma once
#include "core/kernels.h"

namespace tilestack {

// y = x W^T + b, with W[o, k] = q[o, k] scales[o, k / group] for whole numbers q.
// x: (rows, in)   scales: (out, in / group), float32   b: (out), may be undefined   y: (rows, out)
// 8 bits: weight (out, in) int8 is q, and one group is all of a row.
// 4 bits: weight (out, in / 2) uint8. A block of kQuantBlock elements of a row is 16 little-endian words of 16 bits, of
// which word j holds q + 8 of elements j, 16 + j, 32 + j and 48 + j, from its low bits on.
// All are contiguous; x, b and y of one float dtype, which is not float64.
struct QuantizedLinearKernels {
  void (*forward)(View x, View weight, View scales, View b, View y);
};
TILESTACK_KERNELS(QuantizedLinearKernels, quantized_linear)

constexpr std::int64_t kQuantBlock = 64;  // elements of 4 bits that are packed together

Tensor quantized_linear(const Tensor& x, const Tensor& weight, const Tensor& scales, const Tensor& bias);

}  // namespace tilestack

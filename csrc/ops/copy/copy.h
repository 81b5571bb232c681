#pragma once
#include "core/kernels.h"

namespace tilestack {

// y = x in y's dtype, element by element.   x, y: one shape, any strides, any dtypes, no overlap
// Floats round to nearest even; to integers they are cut towards zero; to bool, what is not 0 is true.
struct CopyKernels {
  void (*forward)(View x, View y);
};
TILESTACK_KERNELS(CopyKernels, copy)

// Not recorded, versions not counted. `from` is broadcast, converted and, if need be, moved to the device.
void copy_into(const Tensor& to, const Tensor& from);
// Recorded.
Tensor contiguous(const Tensor& x);
Tensor to_dtype(const Tensor& x, DType dtype);
// to = from, as an op of the user's: checks, counts the write, returns `to`.
Tensor copy_(const Tensor& to, const Tensor& from);

}  // namespace tilestack

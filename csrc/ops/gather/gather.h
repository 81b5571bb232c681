#pragma once
#include "core/kernels.h"

namespace tilestack {

// y[o, j, k] = x[o, index[o, j, k], k]: o and k count index's elements before and after dimension dim, which in x may
// be more.   x: contiguous   index: int64 or int32, contiguous   y: index's shape, contiguous
struct GatherKernels {
  // Returns where the first index outside of [0, x.shape[dim]) is, before anything is written; -1 if there is none.
  std::int64_t (*forward)(View x, View index, View y, int dim);
  // dx[o, index[o, j, k], k] += dy[o, j, k], in the order of j. Indices out of range are skipped.
  void (*backward)(View dy, View index, View dx, int dim);
};
TILESTACK_KERNELS(GatherKernels, gather)

Tensor gather(const Tensor& x, std::int64_t dim, const Tensor& index);

}  // namespace tilestack

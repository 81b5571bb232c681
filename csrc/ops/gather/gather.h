#pragma once
#include "core/kernels.h"

namespace tilestack {

// y[o, j, k] = x[o, index[o, j, k], k]: o and k count index's elements before and after dimension dim, which in x may
// be more.   x: contiguous   index: int64 or int32, contiguous   y: index's shape, contiguous
// All return where the first index outside of [0, x.shape[dim]) is, before anything is written; -1 if there is none. On
// a GPU such an index is skipped and reported under the name `op`.
enum class Fold { product, larger, smaller };

struct GatherKernels {
  std::int64_t (*forward)(View x, View index, View y, int dim);
  // x[o, index[o, j, k], k] += y[o, j, k], in the order of j. Not for bool.
  std::int64_t (*add)(View y, View index, View x, int dim, const char* op);
  // x[o, index[o, j, k], k] = y[o, j, k]; of those that meet the last j stays.
  std::int64_t (*put)(View y, View index, View x, int dim, const char* op);
  // x[o, index[o, j, k], k] = its product with y[o, j, k], or the larger or smaller of both; NaN if either is. In the
  // order of j. Not for bool.
  std::int64_t (*fold)(View y, View index, View x, int dim, const char* op, Fold with);
};
TILESTACK_KERNELS(GatherKernels, gather)

Tensor gather(const Tensor& x, std::int64_t dim, const Tensor& index);

}  // namespace tilestack

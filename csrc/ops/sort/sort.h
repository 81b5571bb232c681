#pragma once
#include <utility>

#include "core/kernels.h"

namespace tilestack {

// indices[r, i] = where the i-th of row r's elements, in order, stands; equal ones in their order. NaN counts as the
// largest.   x: (rows, n), contiguous, any dtype   indices: (rows, kept), int64, contiguous, kept <= n   not empty
struct SortKernels {
  void (*forward)(View x, View indices, bool descending);
};
TILESTACK_KERNELS(SortKernels, sort)

// Values and indices. Always stable.
std::pair<Tensor, Tensor> sort(const Tensor& x, std::int64_t dim, bool descending);
Tensor argsort(const Tensor& x, std::int64_t dim, bool descending);
// The k largest or smallest, in order.
std::pair<Tensor, Tensor> topk(const Tensor& x, std::int64_t k, std::int64_t dim, bool largest);

}  // namespace tilestack

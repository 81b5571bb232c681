#pragma once
#include <vector>

#include "core/kernels.h"

namespace tilestack {

// Where picked elements lie, in elements of x. offsets: int64, (n), each of them low + a multiple of step below span;
// step 0: all are low.
struct Picked {
  View offsets;
  std::int64_t low, step, span;
};

// y[o, i, k] = x[o, picked[i], k]: o counts the elements of the first `before` dimensions of `rest`, k those of the
// others.   rest: the dimensions of x that are not picked from, any strides   y: contiguous, outer * n * inner elements
struct IndexKernels {
  // offsets[i] += stride * index[i], negative ones counted from `size`. index: int64 or int32, n elements, contiguous.
  // Returns where the first index outside of [-size, size) is, before anything is written; -1 if there is none.
  std::int64_t (*locate)(View index, View offsets, std::int64_t size, std::int64_t stride);
  void (*forward)(View rest, Picked picked, View y, int before);
  // x[o, picked[i], k] = y[o, i, k], or += with accumulate, in the order of i.
  void (*put)(View rest, Picked picked, View y, int before, bool accumulate);
};
TILESTACK_KERNELS(IndexKernels, index)

// indices[i]: int64 or int32 of any shape for dimension i of x, bool for as many dimensions as it has, undefined for
// all of a dimension; those left out at the end are undefined. As in numpy, index tensors broadcast, and their
// dimensions stand where the first of them stood, or in front if they were not side by side.
Tensor index(const Tensor& x, const std::vector<Tensor>& indices);
// In place, not recorded: x[indices] = value, or += with accumulate; of equal indices the last one wins.
void index_put(const Tensor& x, const std::vector<Tensor>& indices, const Tensor& value, bool accumulate);
// The positions of true elements, one int64 tensor for each dimension.
std::vector<Tensor> nonzero(const Tensor& mask);
// x[..., indices, ...] for one dimension; indices: one-dimensional.
Tensor index_select(const Tensor& x, std::int64_t dim, const Tensor& indices);

}  // namespace tilestack

#pragma once
#include <optional>
#include <utility>

#include "core/kernels.h"

namespace tilestack {

// values = the largest (or smallest) x along the one dimension in which values has size 1, indices = its first position
// there; a NaN wins.
// x: any strides >= 1, one of them 1; any dtype   values: x's dtype   indices: int64, the shape and strides of values
// backward: dx = dy at the indices along dim, 0 elsewhere. indices, dy: the same strides; it overwrites dx, dense,
// float.
struct ArgmaxKernels {
  void (*forward)(View x, View values, View indices, bool smallest);
  void (*backward)(View indices, View dy, View dx, int dim);
};
TILESTACK_KERNELS(ArgmaxKernels, argmax)

// int64 positions along dim; without dim, in the flattened x.
Tensor argmax(const Tensor& x, std::optional<std::int64_t> dim, bool keepdim);

// What argmax and argmin, and max and min along a dimension, share.
Tensor arg_extremum(const char* op, const Tensor& x, std::optional<std::int64_t> dim, bool keepdim, bool smallest);
std::pair<Tensor, Tensor> extremum_along(const char* op, const Tensor& x, std::int64_t dim, bool keepdim,
                                         bool smallest);

}  // namespace tilestack

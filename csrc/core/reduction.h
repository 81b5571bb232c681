#pragma once
// What ops that reduce over dimensions share.
#include <optional>

#include "core/op.h"

namespace tilestack {

// The result of a reduction of x over `dims` (none or empty: all).
struct Reduction {
  Dims kept;               // x's shape with size 1 in reduced dimensions, as the kernels want it
  Dims result;             // the same, or without those dimensions
  std::int64_t count = 1;  // elements that make one result

  Reduction(const char* op, const Tensor& x, const std::optional<Dims>& dims, bool keepdim);
  View view(const Tensor& y) const { return kept_view(y, kept); }  // contiguous y, in the kernels' shape
  static View kept_view(const Tensor& y, const Dims& kept);
};

// x itself if its strides suit the kernels: none below 1, one that is 1; else a contiguous copy.
Tensor as_reducible(const Tensor& x);
// x itself if it has the strides of `like`, which is empty_like(x); else a copy that has.
inline Tensor same_strides(const Tensor& x, const Tensor& like) {
  return x.strides() == like.strides() ? x : as_contiguous(x);
}

// Memory of the same shape, dtype and order as a tensor's, without holding on to the tensor.
struct Blueprint {
  Dims shape;
  DType dtype;
  Device device;
  bool channels_last;
  explicit Blueprint(const Tensor& x);
  Tensor make() const;
};

}  // namespace tilestack

#pragma once
// What ops that take index tensors share.
#include "core/op.h"

namespace tilestack {

inline void check_index_dtype(const char* op, const char* name, const Tensor& indices) {
  check<TypeError>(indices.dtype() == DType::int64 || indices.dtype() == DType::int32,
                   "{}: {} must be int64 or int32, got {}", op, name, indices.dtype());
}

// x contiguous, with at least one dimension.
inline Tensor dense_with_dims(const Tensor& x) { return x.dim() == 0 ? view_of(x, {1}, {1}) : as_contiguous(x); }

// Element i of contiguous indices.
inline std::int64_t index_at(const View& indices, std::int64_t i) {
  return indices.dtype == DType::int32 ? indices.data<std::int32_t>()[i] : indices.data<std::int64_t>()[i];
}

}  // namespace tilestack

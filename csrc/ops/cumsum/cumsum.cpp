#include "ops/cumsum/cumsum.h"

#include "core/op.h"
#include "ops/copy/copy.h"

namespace tilestack {
namespace {

// (outer, n, inner) around dimension dim.
View around(const Tensor& x, int dim) {
  View v = x.view();
  v.ndim = 3;
  v.shape[0] = v.shape[1] = v.shape[2] = 1;
  for (int i = 0; i < x.dim(); ++i) v.shape[i < dim ? 0 : i == dim ? 1 : 2] *= x.size(i);
  v.strides[0] = v.shape[1] * v.shape[2], v.strides[1] = v.shape[2], v.strides[2] = 1;
  return v;
}

Tensor running_sum(const Tensor& x, int dim, bool reverse) {
  const Tensor in = as_contiguous(x), y = empty(x.shape(), x.dtype(), x.device());
  if (y.numel() > 0) cumsum_on(x.device()).forward(around(in, dim), around(y, dim), reverse);
  return y;
}

}  // namespace

Tensor cumsum(const Tensor& x, std::int64_t dim, std::optional<DType> dtype) {
  const DType type = dtype.value_or(is_float(x.dtype()) ? x.dtype() : DType::int64);
  if (type != x.dtype()) return cumsum(to_dtype(x, type), dim, type);
  const int at = wrap_dim("cumsum", dim, x.dim() == 0 ? 1 : x.dim());
  if (!is_float(type) && type != DType::int64) return as_dtype(cumsum(x, dim, DType::int64), type);  // wraps
  return record("cumsum", running_sum(x, at, false), {x},
                [at](const Tensor& dy) -> Gradients { return {running_sum(dy, at, true)}; });
}

}  // namespace tilestack

#include "ops/softmax/softmax.h"

#include "core/op.h"

namespace tilestack {
namespace {

// A contiguous tensor as (outer, n, inner), n being the size of dim.
View around(const Tensor& x, int dim) {
  View view = x;
  view.ndim = 3;
  for (int i = 0; i < 3; ++i) view.shape[i] = 1;
  for (int i = 0; i < x.dim(); ++i) view.shape[i < dim ? 0 : i == dim ? 1 : 2] *= x.size(i);
  view.strides[0] = view.shape[1] * view.shape[2];
  view.strides[1] = view.shape[2];
  view.strides[2] = 1;
  return view;
}

}  // namespace

Tensor along_dim(const char* op, const SoftmaxKernels& (*kernels)(Device), const Tensor& x, std::int64_t dim,
                 std::optional<DType> dtype) {
  const DType wanted = dtype.value_or(x.dtype());
  check<TypeError>(is_float(wanted), "{}: needs a float tensor or dtype=, got {}", op, wanted);
  const int axis = wrap_dim(op, dim, x.dim() ? x.dim() : 1);
  const Tensor in = as_contiguous(as_dtype(x, wanted)), y = empty(x.shape(), wanted, x.device());
  kernels(x.device()).forward(around(in, axis), around(y, axis));
  return record(op, y, {x}, [y = Saved(y.detach()), kernels, axis, dtype = x.dtype()](const Tensor& dy) -> Gradients {
    const Tensor dx = empty_like(*y);
    kernels(dx.device()).backward(around(*y, axis), around(as_contiguous(dy), axis), around(dx, axis));
    return {as_dtype(dx, dtype)};
  });
}

Tensor softmax(const Tensor& x, std::int64_t dim, std::optional<DType> dtype) {
  return along_dim("softmax", softmax_on, x, dim, dtype);
}

}  // namespace tilestack

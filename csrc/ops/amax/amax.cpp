#include "ops/amax/amax.h"

#include "core/reduction.h"

namespace tilestack {

Tensor extremum(const char* op, const Tensor& x, const std::optional<Dims>& dim, bool keepdim, bool smallest) {
  const Reduction over(op, x, dim, keepdim);
  check(over.count > 0, "{}: needs at least one element to reduce, got shape {}", op, x.shape());
  const Tensor y = empty(over.result, x.dtype(), x.device());
  amax_on(x.device()).forward(as_reducible(x), over.view(y), smallest);
  if (!is_float(x.dtype())) return y;
  return record(op, y, {x}, [x = Saved(x), y = Saved(y.detach()), kept = over.kept](const Tensor& dy) -> Gradients {
    const Tensor dx = empty_like(*x), in = same_strides(*x, dx), dense = as_contiguous(dy);
    amax_on(dx.device()).backward(in, Reduction::kept_view(*y, kept), Reduction::kept_view(dense, kept), dx);
    return {dx};
  });
}

Tensor amax(const Tensor& x, const std::optional<Dims>& dim, bool keepdim) {
  return extremum("amax", x, dim, keepdim, false);
}

}  // namespace tilestack

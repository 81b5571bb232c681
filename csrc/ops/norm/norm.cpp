#include "ops/norm/norm.h"

#include "core/reduction.h"

namespace tilestack {

Tensor norm(const Tensor& x, double p, const std::optional<Dims>& dim, bool keepdim) {
  check_float("norm", x);
  check(p == 2, "norm: p must be 2, got {}", p);
  const Reduction over("norm", x, dim, keepdim);
  const Tensor wide = empty(over.result, compute_dtype(x.dtype()), x.device());
  norm_on(x.device()).forward(as_reducible(x), over.view(wide));
  return record(
      "norm", as_dtype(wide, x.dtype()), {x},
      [x = Saved(x), y = Saved(wide.detach()), kept = over.kept](const Tensor& dy) -> Gradients {
        const Tensor dx = empty_like(*x), in = same_strides(*x, dx), dense = as_contiguous(dy);
        norm_on(dx.device()).backward(in, Reduction::kept_view(*y, kept), Reduction::kept_view(dense, kept), dx);
        return {dx};
      });
}

}  // namespace tilestack

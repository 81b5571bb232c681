#include "ops/var/var.h"

#include "core/reduction.h"

namespace tilestack {
namespace {

Tensor spread_of(const char* op, const Tensor& x, const std::optional<Dims>& dim, double correction, bool keepdim,
                 bool root) {
  check_float(op, x);
  const Reduction over(op, x, dim, keepdim);
  const DType dtype = compute_dtype(x.dtype());
  const Tensor y = empty(over.result, dtype, x.device()), mean = empty(over.result, dtype, x.device());
  var_on(x.device()).forward(as_reducible(x), over.view(y), over.view(mean), correction, root);
  const double freedom = double(over.count) - correction, scale = (root ? 1 : 2) / (freedom > 0 ? freedom : 0);
  return record(op, as_dtype(y, x.dtype()), {x},
                [x = Saved(x), y = root ? Saved(y.detach()) : Saved(Tensor()), mean, kept = over.kept,
                 scale](const Tensor& dy) -> Gradients {
                  const Tensor dx = empty_like(*x), in = same_strides(*x, dx), dense = as_contiguous(dy);
                  var_on(dx.device())
                      .backward(in, (*y).defined() ? Reduction::kept_view(*y, kept) : View{},
                                Reduction::kept_view(mean, kept), Reduction::kept_view(dense, kept), dx, scale);
                  return {dx};
                });
}

}  // namespace

Tensor var(const Tensor& x, const std::optional<Dims>& dim, double correction, bool keepdim) {
  return spread_of("var", x, dim, correction, keepdim, false);
}

Tensor standard_deviation(const Tensor& x, const std::optional<Dims>& dim, double correction, bool keepdim) {
  return spread_of("std", x, dim, correction, keepdim, true);
}

}  // namespace tilestack

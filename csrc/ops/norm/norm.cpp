#include "ops/norm/norm.h"

#include <cmath>

#include "core/reduction.h"
#include "ops/abs/abs.h"
#include "ops/amax/amax.h"
#include "ops/amin/amin.h"
#include "ops/copy/copy.h"
#include "ops/ne/ne.h"
#include "ops/pow/pow.h"
#include "ops/sum/sum.h"

namespace tilestack {
namespace {

Tensor other_norm(const Tensor& x, double p, const std::optional<Dims>& dim, bool keepdim) {
  const auto number = [](double value) { return Scalar{Scalar::real, value, 0}; };
  if (p == 0)
    return record("norm", sum(ne(x, number(0)), dim, keepdim, x.dtype()), {x},
                  [x](const Tensor& dy) -> Gradients { return {zeros(x.shape(), x.dtype(), dy.device())}; });
  if (x.dtype() != compute_dtype(x.dtype()))  // powers leave the range of 16-bit floats
    return to_dtype(other_norm(to_dtype(x, compute_dtype(x.dtype())), p, dim, keepdim), x.dtype());
  const Tensor size = abs(x);
  if (std::isinf(p)) return p > 0 ? amax(size, dim, keepdim) : amin(size, dim, keepdim);
  if (p == 1) return sum(size, dim, keepdim, {});
  return pow(sum(pow(size, number(p)), dim, keepdim, {}), number(1 / p));
}

}  // namespace

Tensor norm(const Tensor& x, double p, const std::optional<Dims>& dim, bool keepdim) {
  check_float("norm", x);
  if (p != 2) return other_norm(x, p, dim, keepdim);
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

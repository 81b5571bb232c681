#include "ops/argmax/argmax.h"

#include "core/reduction.h"

namespace tilestack {
namespace {

struct Found {
  Tensor values, indices;
  Dims kept;
};

Found find(const char* op, const Tensor& x, std::int64_t dim, bool keepdim, bool smallest) {
  const Reduction over(op, x, Dims{dim}, keepdim);
  check(over.count > 0, "{}: needs at least one element along dim {}, got shape {}", op, dim, x.shape());
  Found y{empty(over.result, x.dtype(), x.device()), empty(over.result, DType::int64, x.device()), over.kept};
  argmax_on(x.device()).forward(as_reducible(x), over.view(y.values), over.view(y.indices), smallest);
  return y;
}

}  // namespace

Tensor arg_extremum(const char* op, const Tensor& x, std::optional<std::int64_t> dim, bool keepdim, bool smallest) {
  if (dim) return find(op, x, *dim, keepdim, smallest).indices;
  check(x.numel() > 0, "{}: needs at least one element, got shape {}", op, x.shape());
  const Tensor index = find(op, view_of(as_contiguous(x), {x.numel()}, {1}), 0, false, smallest).indices;
  const Reduction over(op, x, std::nullopt, keepdim);
  return keepdim ? view_of(index, over.result, contiguous_strides(over.result)) : index;
}

std::pair<Tensor, Tensor> extremum_along(const char* op, const Tensor& x, std::int64_t dim, bool keepdim,
                                         bool smallest) {
  const Found y = find(op, x, dim, keepdim, smallest);
  if (!is_float(x.dtype())) return {y.values, y.indices};
  const int axis = x.dim() ? wrap_dim(op, dim, x.dim()) : 0;
  const Tensor values =
      record(op, y.values, {x},
             [like = Blueprint(x), indices = Saved(y.indices), kept = y.kept, axis](const Tensor& dy) -> Gradients {
               const Tensor dx = like.make(), dense = as_contiguous(dy);
               argmax_on(like.device)
                   .backward(Reduction::kept_view(*indices, kept), Reduction::kept_view(dense, kept), dx, axis);
               return {dx};
             });
  return {values, y.indices};
}

Tensor argmax(const Tensor& x, std::optional<std::int64_t> dim, bool keepdim) {
  return arg_extremum("argmax", x, dim, keepdim, false);
}

}  // namespace tilestack

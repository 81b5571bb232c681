#include "ops/sort/sort.h"

#include "core/op.h"
#include "core/views.h"
#include "ops/gather/gather.h"

namespace tilestack {
namespace {

// Where the first `kept` in order stand along dim.
Tensor order_of(const Tensor& x, int dim, std::int64_t kept, bool descending) {
  const NoGrad no_grad;
  if (x.dim() == 0) return zeros({}, DType::int64, x.device());
  const Tensor rows = as_contiguous(movedim(x.detach(), {dim}, {-1}));
  Dims shape = rows.shape();
  shape[-1] = kept;
  const Tensor indices = empty(shape, DType::int64, x.device());
  if (indices.numel() > 0)
    sort_on(x.device()).forward(matrix_view(rows, x.dim() - 1), matrix_view(indices, x.dim() - 1), descending);
  return as_contiguous(movedim(indices, {-1}, {dim}));
}

std::int64_t size_along(const Tensor& x, int dim) { return x.dim() == 0 ? 1 : x.size(dim); }

}  // namespace

std::pair<Tensor, Tensor> sort(const Tensor& x, std::int64_t dim, bool descending) {
  const int at = wrap_dim("sort", dim, x.dim() == 0 ? 1 : x.dim());
  const Tensor order = order_of(x, at, size_along(x, at), descending);
  return {gather(x, at, order), order};
}

Tensor argsort(const Tensor& x, std::int64_t dim, bool descending) {
  const int at = wrap_dim("argsort", dim, x.dim() == 0 ? 1 : x.dim());
  return order_of(x, at, size_along(x, at), descending);
}

std::pair<Tensor, Tensor> topk(const Tensor& x, std::int64_t k, std::int64_t dim, bool largest) {
  const int at = wrap_dim("topk", dim, x.dim() == 0 ? 1 : x.dim());
  check(k >= 0 && k <= size_along(x, at), "topk: k must be from 0 to {}, the size of dimension {} of shape {}, got {}",
        size_along(x, at), at, x.shape(), k);
  const Tensor whole = x.dim() == 0 ? reshape(x, {1}) : x;
  const Tensor order = order_of(whole, at, k, largest), values = gather(whole, at, order);
  if (x.dim() == 0 && k == 1) return {reshape(values, {}), reshape(order, {})};
  return {values, order};
}

}  // namespace tilestack

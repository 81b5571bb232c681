#include "ops/gather/gather.h"

#include "core/index_tensor.h"
#include "core/views.h"

namespace tilestack {
Tensor gather(const Tensor& x, std::int64_t dim, const Tensor& index) {
  check_index_dtype("gather", "the index", index);
  check_same_device("gather", {x, index});
  const int at = wrap_dim("gather", dim, x.dim() == 0 ? 1 : x.dim());
  // No dimension counts as one of size 1.
  if (x.dim() == 0 && index.dim() == 1) return gather(reshape(x, {1}), 0, index);
  if (x.dim() == 1 && index.dim() == 0) return reshape(gather(x, 0, reshape(index, {1})), {});
  bool fits = index.dim() == x.dim();
  for (int i = 0; fits && i < x.dim(); ++i) fits = i == at || index.size(i) <= x.size(i);
  check(fits,
        "gather: the index must have as many dimensions as the input and, but for dimension {}, be no larger than {}, "
        "got {}",
        at, x.shape(), index.shape());
  const Tensor in = dense_with_dims(x), picks = dense_with_dims(index);
  const Tensor y = empty(index.shape(), x.dtype(), x.device());
  const std::int64_t bad = gather_on(x.device()).forward(in, picks, y, at);
  check<IndexError>(bad < 0, "gather: index {} is out of range for dimension {} of size {}",
                    bad < 0 ? 0 : index_at(picks, bad), at, in.size(at));
  return record("gather", y, {x}, [shape = x.shape(), picks = Saved(picks), at](const Tensor& dy) -> Gradients {
    const DType sum_dtype = compute_dtype(dy.dtype());
    const Tensor dx = zeros(shape, sum_dtype, dy.device());
    gather_on(dy.device()).add(as_contiguous(as_dtype(dy, sum_dtype)), *picks, dense_with_dims(dx), at, "gather");
    return {as_dtype(dx, dy.dtype())};
  });
}

}  // namespace tilestack

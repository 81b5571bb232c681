#include "ops/sum/sum.h"

#include "core/reduction.h"

namespace tilestack {

Tensor scaled_sum(const char* op, const Tensor& x, const Dims& kept, const Dims& result, double scale, DType dtype) {
  const Tensor in = as_reducible(as_dtype(x, dtype)), y = empty(result, dtype, x.device());
  sum_on(x.device()).forward(in, Reduction::kept_view(y, kept), scale);
  return record(op, y, {x}, [like = Blueprint(x), kept, scale](const Tensor& dy) -> Gradients {
    const Tensor dx = like.make();
    const Tensor dense = as_contiguous(as_dtype(dy, like.dtype));
    sum_on(like.device).backward(Reduction::kept_view(dense, kept), dx, scale);
    return {dx};
  });
}

Tensor sum(const Tensor& x, const std::optional<Dims>& dim, bool keepdim, std::optional<DType> dtype) {
  const Reduction over("sum", x, dim, keepdim);
  const DType wanted = dtype.value_or(is_float(x.dtype()) ? x.dtype() : DType::int64);
  if (is_float(wanted)) return scaled_sum("sum", x, over.kept, over.result, 1, wanted);
  const Tensor in = as_reducible(is_float(x.dtype()) ? as_dtype(x, wanted) : x);
  const Tensor y = empty(over.result, DType::int64, x.device());
  sum_on(x.device()).forward(in, over.view(y), 1);
  return as_dtype(y, wanted);
}

}  // namespace tilestack

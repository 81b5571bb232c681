#include "ops/prod/prod.h"

#include "core/reduction.h"

namespace tilestack {

Tensor prod(const Tensor& x, const std::optional<Dims>& dim, bool keepdim, std::optional<DType> dtype) {
  const Reduction over("prod", x, dim, keepdim);
  const DType wanted = dtype.value_or(is_float(x.dtype()) ? x.dtype() : DType::int64);
  const Tensor in = as_dtype(x, is_float(wanted) ? wanted : DType::int64);
  const Tensor y = empty(over.result, in.dtype(), x.device());
  prod_on(x.device()).forward(as_reducible(in), over.view(y));
  if (!is_float(wanted)) return as_dtype(y, wanted);
  return record("prod", y, {x}, [in = Saved(in), kept = over.kept, dtype = x.dtype()](const Tensor& dy) -> Gradients {
    const Tensor dx = empty_like(*in), dense = as_contiguous(dy);
    prod_on(dx.device()).backward(same_strides(*in, dx), Reduction::kept_view(dense, kept), dx);
    return {as_dtype(dx, dtype)};
  });
}

}  // namespace tilestack

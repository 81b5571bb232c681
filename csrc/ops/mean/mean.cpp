#include "ops/mean/mean.h"

#include "core/reduction.h"
#include "ops/sum/sum.h"

namespace tilestack {

Tensor mean(const Tensor& x, const std::optional<Dims>& dim, bool keepdim, std::optional<DType> dtype) {
  const DType wanted = dtype.value_or(x.dtype());
  check<TypeError>(is_float(wanted), "mean: needs a float tensor or dtype=, got {}", wanted);
  const Reduction over("mean", x, dim, keepdim);
  return scaled_sum("mean", x, over.kept, over.result, 1.0 / double(over.count), wanted);
}

}  // namespace tilestack

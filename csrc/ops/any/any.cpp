#include "ops/any/any.h"

#include "core/reduction.h"

namespace tilestack {

Tensor any(const Tensor& x, const std::optional<Dims>& dim, bool keepdim) {
  const Reduction over("any", x, dim, keepdim);
  const Tensor y = empty(over.result, DType::bool_, x.device());
  any_on(x.device()).forward(as_reducible(x), over.view(y), false);
  return y;
}

}  // namespace tilestack

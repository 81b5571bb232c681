#include "ops/all/all.h"

#include "core/reduction.h"
#include "ops/any/any.h"

namespace tilestack {

Tensor all(const Tensor& x, const std::optional<Dims>& dim, bool keepdim) {
  const Reduction over("all", x, dim, keepdim);
  const Tensor y = empty(over.result, DType::bool_, x.device());
  any_on(x.device()).forward(as_reducible(x), over.view(y), true);
  return y;
}

}  // namespace tilestack

#include "ops/neg/neg.h"

#include "core/elementwise_op.h"

namespace tilestack {

Tensor neg(const Tensor& x) {
  check_number("neg", x);
  Tensor y = empty_like(x);
  neg_on(x.device()).forward(x, y);
  return record("neg", y, {x}, [](const Tensor& dy) -> Gradients { return {neg(dy)}; });
}

}  // namespace tilestack

#include "ops/gelu/gelu.h"

#include "core/elementwise_op.h"

namespace tilestack {

Tensor gelu(const Tensor& x, const std::string& approximate) {
  check_float("gelu", x);
  check(approximate == "none" || approximate == "tanh", "gelu: approximate must be 'none' or 'tanh', got '{}'",
        approximate);
  const bool tanh = approximate == "tanh";
  Tensor y = empty_like(x);
  gelu_on(x.device()).forward(x, y, tanh);
  if (!grad_enabled() || !x.requires_grad()) return y;
  return record("gelu", y, {x}, [x = Saved(x), tanh](const Tensor& dy) -> Gradients {
    const Tensor dx = empty_like(*x);
    gelu_on(x->device()).backward(*x, dy, dx, tanh);
    return {dx};
  });
}

}  // namespace tilestack

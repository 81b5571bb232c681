#include "ops/sign/sign.h"

#include "core/unary_op.h"

namespace tilestack {

Tensor sign(const Tensor& x) {
  if (x.dtype() == DType::bool_) {
    const Tensor y = empty_like(x);
    copy_into(y, x);
    return y;
  }
  return step_op<sign_on>("sign", x);
}

}  // namespace tilestack

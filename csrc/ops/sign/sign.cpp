#include "ops/sign/sign.h"

#include "core/unary_op.h"

namespace tilestack {

Tensor sign(const Tensor& x) { return step_op<sign_on>("sign", x); }

}  // namespace tilestack

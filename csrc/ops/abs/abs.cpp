#include "ops/abs/abs.h"

#include "core/elementwise_op.h"

namespace tilestack {

Tensor abs(const Tensor& x) { return unary_op<abs_on, Saves::input>("abs", x); }

}  // namespace tilestack

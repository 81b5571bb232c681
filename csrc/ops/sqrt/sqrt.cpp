#include "ops/sqrt/sqrt.h"

#include "core/elementwise_op.h"

namespace tilestack {

Tensor sqrt(const Tensor& x) { return unary_op<sqrt_on, Saves::output>("sqrt", as_float(x)); }

}  // namespace tilestack

#include "ops/tan/tan.h"

#include "core/unary_op.h"

namespace tilestack {

Tensor tan(const Tensor& x) { return unary_op<tan_on, Saves::output>("tan", as_float(x)); }

}  // namespace tilestack

#include "ops/expm1/expm1.h"

#include "core/unary_op.h"

namespace tilestack {

Tensor expm1(const Tensor& x) { return unary_op<expm1_on, Saves::output>("expm1", as_float(x)); }

}  // namespace tilestack

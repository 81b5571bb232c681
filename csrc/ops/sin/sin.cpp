#include "ops/sin/sin.h"

#include "core/unary_op.h"

namespace tilestack {

Tensor sin(const Tensor& x) { return unary_op<sin_on, Saves::input>("sin", as_float(x)); }

}  // namespace tilestack

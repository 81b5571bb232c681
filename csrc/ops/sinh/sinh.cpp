#include "ops/sinh/sinh.h"

#include "core/unary_op.h"

namespace tilestack {

Tensor sinh(const Tensor& x) { return unary_op<sinh_on, Saves::input>("sinh", as_float(x)); }

}  // namespace tilestack

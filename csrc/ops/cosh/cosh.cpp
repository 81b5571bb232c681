#include "ops/cosh/cosh.h"

#include "core/unary_op.h"

namespace tilestack {

Tensor cosh(const Tensor& x) { return unary_op<cosh_on, Saves::input>("cosh", as_float(x)); }

}  // namespace tilestack

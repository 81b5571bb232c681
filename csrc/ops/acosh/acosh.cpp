#include "ops/acosh/acosh.h"

#include "core/unary_op.h"

namespace tilestack {

Tensor acosh(const Tensor& x) { return unary_op<acosh_on, Saves::input>("acosh", as_float(x)); }

}  // namespace tilestack

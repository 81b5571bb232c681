#include "ops/atan/atan.h"

#include "core/unary_op.h"

namespace tilestack {

Tensor atan(const Tensor& x) { return unary_op<atan_on, Saves::input>("atan", as_float(x)); }

}  // namespace tilestack

#include "ops/acos/acos.h"

#include "core/unary_op.h"

namespace tilestack {

Tensor acos(const Tensor& x) { return unary_op<acos_on, Saves::input>("acos", as_float(x)); }

}  // namespace tilestack

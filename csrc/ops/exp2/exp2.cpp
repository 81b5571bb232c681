#include "ops/exp2/exp2.h"

#include "core/unary_op.h"

namespace tilestack {

Tensor exp2(const Tensor& x) { return unary_op<exp2_on, Saves::output>("exp2", as_float(x)); }

}  // namespace tilestack

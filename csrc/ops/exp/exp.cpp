#include "ops/exp/exp.h"

#include "core/elementwise_op.h"

namespace tilestack {

Tensor exp(const Tensor& x) { return unary_op<exp_on, Saves::output>("exp", as_float(x)); }

}  // namespace tilestack

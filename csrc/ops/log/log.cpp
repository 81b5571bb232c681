#include "ops/log/log.h"

#include "core/elementwise_op.h"

namespace tilestack {

Tensor log(const Tensor& x) { return unary_op<log_on, Saves::input>("log", as_float(x)); }

}  // namespace tilestack

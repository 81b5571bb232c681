#include "ops/log1p/log1p.h"

#include "core/unary_op.h"

namespace tilestack {

Tensor log1p(const Tensor& x) { return unary_op<log1p_on, Saves::input>("log1p", as_float(x)); }

}  // namespace tilestack

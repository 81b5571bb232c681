#include "ops/erf/erf.h"

#include "core/unary_op.h"

namespace tilestack {

Tensor erf(const Tensor& x) { return unary_op<erf_on, Saves::input>("erf", as_float(x)); }

}  // namespace tilestack

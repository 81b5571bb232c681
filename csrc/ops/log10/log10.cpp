#include "ops/log10/log10.h"

#include "core/unary_op.h"

namespace tilestack {

Tensor log10(const Tensor& x) { return unary_op<log10_on, Saves::input>("log10", as_float(x)); }

}  // namespace tilestack

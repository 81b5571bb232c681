#include "ops/log2/log2.h"

#include "core/unary_op.h"

namespace tilestack {

Tensor log2(const Tensor& x) { return unary_op<log2_on, Saves::input>("log2", as_float(x)); }

}  // namespace tilestack

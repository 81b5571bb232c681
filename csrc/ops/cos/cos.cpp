#include "ops/cos/cos.h"

#include "core/unary_op.h"

namespace tilestack {

Tensor cos(const Tensor& x) { return unary_op<cos_on, Saves::input>("cos", as_float(x)); }

}  // namespace tilestack

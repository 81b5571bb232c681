#include "ops/asinh/asinh.h"

#include "core/unary_op.h"

namespace tilestack {

Tensor asinh(const Tensor& x) { return unary_op<asinh_on, Saves::input>("asinh", as_float(x)); }

}  // namespace tilestack

#include "ops/atanh/atanh.h"

#include "core/unary_op.h"

namespace tilestack {

Tensor atanh(const Tensor& x) { return unary_op<atanh_on, Saves::input>("atanh", as_float(x)); }

}  // namespace tilestack

#include "ops/trunc/trunc.h"

#include "core/unary_op.h"

namespace tilestack {

Tensor trunc(const Tensor& x) { return is_float(x.dtype()) ? step_op<trunc_on>("trunc", x) : clone_number("trunc", x); }

}  // namespace tilestack

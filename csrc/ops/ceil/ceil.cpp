#include "ops/ceil/ceil.h"

#include "core/unary_op.h"

namespace tilestack {

Tensor ceil(const Tensor& x) { return is_float(x.dtype()) ? step_op<ceil_on>("ceil", x) : clone_number("ceil", x); }

}  // namespace tilestack

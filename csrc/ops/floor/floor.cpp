#include "ops/floor/floor.h"

#include "core/unary_op.h"

namespace tilestack {

Tensor floor(const Tensor& x) { return is_float(x.dtype()) ? step_op<floor_on>("floor", x) : clone_number("floor", x); }

}  // namespace tilestack

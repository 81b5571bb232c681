#include "ops/round/round.h"

#include "core/unary_op.h"

namespace tilestack {

Tensor round(const Tensor& x) { return is_float(x.dtype()) ? step_op<round_on>("round", x) : clone_number("round", x); }

}  // namespace tilestack

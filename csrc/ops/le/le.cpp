#include "ops/le/le.h"

#include "core/elementwise_op.h"

namespace tilestack {

Tensor le(const Operand& a, const Operand& b) { return comparison<le_on>("le", a, b); }

}  // namespace tilestack

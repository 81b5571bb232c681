#include "ops/lt/lt.h"

#include "core/elementwise_op.h"

namespace tilestack {

Tensor lt(const Operand& a, const Operand& b) { return comparison<lt_on>("lt", a, b); }

}  // namespace tilestack

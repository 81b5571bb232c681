#include "ops/gt/gt.h"

#include "core/elementwise_op.h"
#include "ops/lt/lt.h"

namespace tilestack {

Tensor gt(const Operand& a, const Operand& b) { return comparison<lt_on>("gt", b, a); }

}  // namespace tilestack

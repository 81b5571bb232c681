#include "ops/ne/ne.h"

#include "core/elementwise_op.h"

namespace tilestack {

Tensor ne(const Operand& a, const Operand& b) { return comparison<ne_on>("ne", a, b); }

}  // namespace tilestack

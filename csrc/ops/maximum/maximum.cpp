#include "ops/maximum/maximum.h"

#include "core/elementwise_op.h"

namespace tilestack {

Tensor maximum(const Operand& a, const Operand& b) { return binary_op<maximum_on>("maximum", a, b, promote(a, b)); }

}  // namespace tilestack

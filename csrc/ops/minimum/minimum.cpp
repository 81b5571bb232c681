#include "ops/minimum/minimum.h"

#include "core/elementwise_op.h"

namespace tilestack {

Tensor minimum(const Operand& a, const Operand& b) { return binary_op<minimum_on>("minimum", a, b, promote(a, b)); }

}  // namespace tilestack

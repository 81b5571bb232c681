#include "ops/eq/eq.h"

#include "core/elementwise_op.h"

namespace tilestack {

Tensor eq(const Operand& a, const Operand& b) { return comparison<eq_on>("eq", a, b); }

}  // namespace tilestack

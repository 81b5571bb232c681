#include "ops/ge/ge.h"

#include "core/elementwise_op.h"
#include "ops/le/le.h"

namespace tilestack {

Tensor ge(const Operand& a, const Operand& b) { return comparison<le_on>("ge", b, a); }

}  // namespace tilestack

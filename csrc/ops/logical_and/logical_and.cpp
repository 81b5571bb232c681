#include "ops/logical_and/logical_and.h"

#include "core/elementwise_op.h"
#include "ops/bitwise_and/bitwise_and.h"

namespace tilestack {

Tensor logical_and(const Operand& a, const Operand& b) {
  return binary_map<bitwise_and_on>("logical_and", as_bool(a), as_bool(b), DType::bool_, DType::bool_);
}

}  // namespace tilestack

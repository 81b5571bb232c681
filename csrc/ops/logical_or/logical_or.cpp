#include "ops/logical_or/logical_or.h"

#include "core/elementwise_op.h"
#include "ops/bitwise_or/bitwise_or.h"

namespace tilestack {

Tensor logical_or(const Operand& a, const Operand& b) {
  return binary_map<bitwise_or_on>("logical_or", as_bool(a), as_bool(b), DType::bool_, DType::bool_);
}

}  // namespace tilestack

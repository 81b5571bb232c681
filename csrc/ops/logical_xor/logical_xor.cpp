#include "ops/logical_xor/logical_xor.h"

#include "core/elementwise_op.h"
#include "ops/bitwise_xor/bitwise_xor.h"

namespace tilestack {

Tensor logical_xor(const Operand& a, const Operand& b) {
  return binary_map<bitwise_xor_on>("logical_xor", as_bool(a), as_bool(b), DType::bool_, DType::bool_);
}

}  // namespace tilestack

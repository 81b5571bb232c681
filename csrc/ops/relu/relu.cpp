#include "ops/relu/relu.h"

#include "core/elementwise_op.h"

namespace tilestack {

Tensor relu(const Tensor& x) { return unary_op<relu_on, Saves::output>("relu", x); }

}  // namespace tilestack

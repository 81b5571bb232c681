#include "ops/sigmoid/sigmoid.h"

#include "core/elementwise_op.h"

namespace tilestack {

Tensor sigmoid(const Tensor& x) { return unary_op<sigmoid_on, Saves::output>("sigmoid", as_float(x)); }

}  // namespace tilestack

#include "ops/tanh/tanh.h"

#include "core/elementwise_op.h"

namespace tilestack {

Tensor tanh(const Tensor& x) { return unary_op<tanh_on, Saves::output>("tanh", as_float(x)); }

}  // namespace tilestack

#include "ops/logical_not/logical_not.h"

#include "core/elementwise_op.h"
#include "ops/eq/eq.h"

namespace tilestack {

Tensor logical_not(const Tensor& x) { return comparison<eq_on>("logical_not", x, Scalar{Scalar::boolean, 0, 0}); }

}  // namespace tilestack

#include "ops/erfc/erfc.h"

#include "core/unary_op.h"

namespace tilestack {

Tensor erfc(const Tensor& x) { return unary_op<erfc_on, Saves::input>("erfc", as_float(x)); }

}  // namespace tilestack

#include "ops/asin/asin.h"

#include "core/unary_op.h"

namespace tilestack {

Tensor asin(const Tensor& x) { return unary_op<asin_on, Saves::input>("asin", as_float(x)); }

}  // namespace tilestack

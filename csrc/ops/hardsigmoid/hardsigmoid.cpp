#include "ops/hardsigmoid/hardsigmoid.h"

#include "core/unary_op.h"

namespace tilestack {

Tensor hardsigmoid(const Tensor& x) {
  check_float("hardsigmoid", x);
  return unary_op<hardsigmoid_on, Saves::input>("hardsigmoid", x);
}

}  // namespace tilestack

#include "ops/mish/mish.h"

#include "core/unary_op.h"

namespace tilestack {

Tensor mish(const Tensor& x) {
  check_float("mish", x);
  return unary_op<mish_on, Saves::input>("mish", x);
}

}  // namespace tilestack

#include "ops/hardswish/hardswish.h"

#include "core/unary_op.h"

namespace tilestack {

Tensor hardswish(const Tensor& x) {
  check_float("hardswish", x);
  return unary_op<hardswish_on, Saves::input>("hardswish", x);
}

}  // namespace tilestack

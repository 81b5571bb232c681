#include "ops/silu/silu.h"

#include "core/unary_op.h"

namespace tilestack {

Tensor silu(const Tensor& x) {
  check_float("silu", x);
  return unary_op<silu_on, Saves::input>("silu", x);
}

}  // namespace tilestack

#include "ops/logsigmoid/logsigmoid.h"

#include "core/unary_op.h"

namespace tilestack {

Tensor logsigmoid(const Tensor& x) {
  check_float("logsigmoid", x);
  return unary_op<logsigmoid_on, Saves::input>("logsigmoid", x);
}

}  // namespace tilestack

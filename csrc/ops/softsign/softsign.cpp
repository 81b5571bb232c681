#include "ops/softsign/softsign.h"

#include "core/unary_op.h"

namespace tilestack {

Tensor softsign(const Tensor& x) {
  check_float("softsign", x);
  return unary_op<softsign_on, Saves::input>("softsign", x);
}

}  // namespace tilestack

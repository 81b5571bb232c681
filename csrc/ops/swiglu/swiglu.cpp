#include "ops/swiglu/swiglu.h"

#include "core/unary_op.h"

namespace tilestack {

Tensor swiglu(const Tensor& gate, const Tensor& up) {
  check_float("swiglu", gate);
  check_float("swiglu", up);
  return binary_op<swiglu_on>("swiglu", gate, up, promote(gate, up));
}

}  // namespace tilestack

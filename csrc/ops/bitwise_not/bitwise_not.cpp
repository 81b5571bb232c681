#include "ops/bitwise_not/bitwise_not.h"

#include "core/elementwise_op.h"
#include "ops/bitwise_xor/bitwise_xor.h"

namespace tilestack {

Tensor bitwise_not(const Tensor& x) {
  if (x.dtype() == DType::bool_) return bitwise_xor(x, Scalar{Scalar::boolean, 1, 1});
  if (x.dtype() == DType::uint8) return bitwise_xor(x, Scalar{Scalar::integer, 255, 255});
  return bitwise_xor(x, Scalar{Scalar::integer, -1, -1});
}

}  // namespace tilestack

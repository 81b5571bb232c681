#include "ops/addcmul/addcmul.h"

#include "core/unary_op.h"
#include "ops/add/add.h"
#include "ops/mul/mul.h"

namespace tilestack {

Tensor addcmul(const Tensor& x, const Tensor& a, const Tensor& b, const Scalar& value) {
  check_same_device("addcmul", {x, a, b});
  const DType dtype = promote(promote(x, a), promote(x, b));
  if (!is_float(dtype)) return add(x, mul(mul(a, b), value));
  const DType compute = compute_dtype(dtype);
  const Tensor product = mul(to_dtype(a, compute), to_dtype(b, compute));
  return to_dtype(add(to_dtype(x, compute), mul(product, value)), dtype);
}

}  // namespace tilestack

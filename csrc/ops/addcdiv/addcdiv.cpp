#include "ops/addcdiv/addcdiv.h"

#include "core/unary_op.h"
#include "ops/add/add.h"
#include "ops/div/div.h"
#include "ops/mul/mul.h"

namespace tilestack {

Tensor addcdiv(const Tensor& x, const Tensor& a, const Tensor& b, const Scalar& value) {
  check_same_device("addcdiv", {x, a, b});
  const DType dtype = promote(promote(x, a), promote(x, b));
  check<TypeError>(is_float(dtype), "addcdiv: wanted floats, got {}, {} and {}", x.dtype(), a.dtype(), b.dtype());
  const DType compute = compute_dtype(dtype);
  const Tensor quotient = div(to_dtype(a, compute), to_dtype(b, compute));
  return to_dtype(add(to_dtype(x, compute), mul(quotient, value)), dtype);
}

}  // namespace tilestack

#include "ops/fill/fill.h"

#include "core/elementwise_op.h"

namespace tilestack {

void fill_into(const Tensor& to, const Scalar& value) {
  const Number number("fill", value, to.dtype());
  copy_on(to.device()).forward(number.view(to.shape()), to);
}

Tensor zeros(const Dims& shape, DType dtype, Device device) {
  Tensor x = empty(shape, dtype, device);
  fill_into(x, Scalar{Scalar::integer, 0, 0});
  return x;
}

Tensor fill_(const Tensor& to, const Scalar& value) {
  check_writable("fill_", to);
  fill_into(to, value);
  to.bump_version();
  return to;
}

}  // namespace tilestack

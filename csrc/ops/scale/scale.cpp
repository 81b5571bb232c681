#include "ops/scale/scale.h"

#include "core/elementwise_op.h"
#include "core/tensor_list.h"

namespace tilestack {

void scale(const TensorList& xs, const Operand& factor) {
  check_parameters("scale", xs);
  if (xs.empty()) return;
  const Number number("scale", factor.scalar, DType::float64);
  Tensor one = factor.tensor;
  if (one.defined()) {
    check(one.numel() == 1, "scale: the factor must be one number, got shape {}", one.shape());
    check_same_device("scale", {xs[0], one});
    if (one.dtype() != DType::float64) one = as_dtype(one, DType::float32);
  }
  const View view = one.defined() ? one.view() : number.view({});
  scale_on(xs[0].device()).forward(views_of(xs).data(), std::int64_t(xs.size()), view);
  for (const Tensor& x : xs) x.bump_version();
}

}  // namespace tilestack

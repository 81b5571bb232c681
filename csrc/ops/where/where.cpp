#include "ops/where/where.h"

#include "core/elementwise_op.h"
#include "ops/fill/fill.h"

namespace tilestack {

namespace {

Tensor as_tensor(const Operand& x, DType dtype, Device device) {
  if (x.tensor.defined()) return as_dtype(x.tensor, dtype);
  Tensor value = empty({}, dtype, device);
  fill_into(value, x.scalar);
  return value;
}

}  // namespace

Tensor where(const Tensor& condition, const Operand& a, const Operand& b) {
  check_same_device("where", {condition, a.tensor, b.tensor});
  const DType dtype = promote(a, b);
  const Tensor mask = as_dtype(condition, DType::bool_);
  const Tensor x = as_tensor(a, dtype, mask.device()), z = as_tensor(b, dtype, mask.device());
  const Dims shape = broadcast_shapes("where", mask.shape(), broadcast_shapes("where", x.shape(), z.shape()));
  const Tensor& like = x.shape() == shape ? x : z.shape() == shape ? z : mask;
  Tensor y = like.shape() == shape ? empty_like(like, dtype) : empty(shape, dtype, mask.device());
  where_on(mask.device()).forward(expanded(mask, shape), expanded(x, shape), expanded(z, shape), y);
  if (!wants_gradient(a, b)) return y;
  return record("where", y, {a.tensor, b.tensor},
                [to_a = GradientTo(a), to_b = GradientTo(b), mask = Saved(mask)](const Tensor& dy) -> Gradients {
                  const Scalar zero{Scalar::integer, 0, 0};
                  return {to_a.wanted ? to_a(where(*mask, dy, zero)) : Tensor(),
                          to_b.wanted ? to_b(where(*mask, zero, dy)) : Tensor()};
                });
}

}  // namespace tilestack

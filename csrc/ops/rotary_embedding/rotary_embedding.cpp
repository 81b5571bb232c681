#include "ops/rotary_embedding/rotary_embedding.h"

#include "core/op.h"
#include "core/views.h"

namespace tilestack {
namespace {

constexpr const char* kRotaryEmbedding = "rotary_embedding";

// (i, j, k, cols), rows dense.
Tensor with_four_dims(const Tensor& x) {
  const Tensor rows = x.size(-1) == 1 || x.view().stride(-1) == 1 ? x.detach() : as_contiguous(x);
  Dims shape = rows.shape();
  while (shape.size() < 4) shape.insert(0, 1);
  for (; shape.size() > 4; shape.erase(0)) shape[1] *= shape[0];
  return shape == rows.shape() ? rows : reshape(rows, shape);
}

Tensor table(const Tensor& x, const Tensor& values, const char* name) {
  check_float(kRotaryEmbedding, values);
  check_same_device(kRotaryEmbedding, {x, values});
  check<RuntimeError>(!(grad_enabled() && values.requires_grad()), "{}: {} must not require a gradient; detach() it",
                      kRotaryEmbedding, name);
  Dims shape = x.shape();
  const std::int64_t half = values.dim() ? values.size(-1) : 0;
  check(half > 0 && 2 * half <= shape[-1], "{}: {} must have at most {} columns for x of shape {}, got shape {}",
        kRotaryEmbedding, name, shape[-1] / 2, x.shape(), values.shape());
  shape[-1] = half;
  check(values.dim() <= shape.size() && broadcast_shapes(kRotaryEmbedding, values.shape(), shape) == shape,
        "{}: {} must broadcast to {}, got shape {}", kRotaryEmbedding, name, shape, values.shape());
  const NoGrad off;
  return with_four_dims(expand(as_dtype(values.detach(), compute_dtype(x.dtype())), shape));
}

Tensor rotate(const Tensor& x, const Tensor& cos, const Tensor& sin, bool interleaved, bool inverse) {
  const NoGrad off;
  const Tensor y = empty(x.shape(), x.dtype(), x.device());
  rotary_embedding_on(x.device()).forward(with_four_dims(x), cos, sin, with_four_dims(y), interleaved, inverse);
  return y;
}

}  // namespace

Tensor rotary_embedding(const Tensor& x, const Tensor& cos, const Tensor& sin, bool interleaved) {
  check_float(kRotaryEmbedding, x);
  check(x.dim() > 0, "{}: x must have at least 1 dimension", kRotaryEmbedding);
  check(cos.shape() == sin.shape(), "{}: cos and sin must have one shape, got {} and {}", kRotaryEmbedding, cos.shape(),
        sin.shape());
  const Tensor c = table(x, cos, "cos"), s = table(x, sin, "sin");
  return record(kRotaryEmbedding, rotate(x, c, s, interleaved, false), {x},
                [c, s, interleaved](const Tensor& dy) -> Gradients { return {rotate(dy, c, s, interleaved, true)}; });
}

}  // namespace tilestack

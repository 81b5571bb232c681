#include "ops/tril/tril.h"

#include "core/op.h"

namespace tilestack {
namespace {

View as_matrices(const Tensor& x) {
  View m = matrix_view(x, x.dim() - 2);
  m.ndim = 3;
  m.shape[1] = x.size(-2), m.shape[2] = x.size(-1);
  m.strides[1] = m.shape[2], m.strides[2] = 1;
  return m;
}

Tensor triangle(const Tensor& x, std::int64_t diagonal, bool upper) {
  const Tensor in = as_contiguous(x), y = empty(x.shape(), x.dtype(), x.device());
  tril_on(x.device()).forward(as_matrices(in), as_matrices(y), diagonal, upper);
  return y;
}

Tensor recorded_triangle(const char* op, const Tensor& x, std::int64_t diagonal, bool upper) {
  check(x.dim() >= 2, "{}: wanted at least 2 dimensions, got shape {}", op, x.shape());
  return record(op, triangle(x, diagonal, upper), {x},
                [diagonal, upper](const Tensor& dy) -> Gradients { return {triangle(dy, diagonal, upper)}; });
}

}  // namespace

Tensor tril(const Tensor& x, std::int64_t diagonal) { return recorded_triangle("tril", x, diagonal, false); }
Tensor triu(const Tensor& x, std::int64_t diagonal) { return recorded_triangle("triu", x, diagonal, true); }

}  // namespace tilestack

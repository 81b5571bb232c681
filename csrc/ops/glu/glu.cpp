#include "ops/glu/glu.h"

#include "core/unary_op.h"
#include "core/views.h"

namespace tilestack {

Tensor glu(const Tensor& x, std::int64_t dim) {
  check_float("glu", x);
  const int at = wrap_dim("glu", dim, x.dim());
  check(x.size(at) % 2 == 0, "glu: wanted an even size in dimension {}, got shape {}", dim, x.shape());
  const std::int64_t half = x.size(at) / 2;
  return binary_op<glu_on>("glu", slice(x, at, 0, half, 1), slice(x, at, half, 2 * half, 1), x.dtype());
}

}  // namespace tilestack

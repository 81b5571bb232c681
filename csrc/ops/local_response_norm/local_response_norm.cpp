#include "ops/local_response_norm/local_response_norm.h"

#include "core/views.h"

namespace tilestack {
namespace {

// Memory in which channels lie side by side.
Tensor channels_inside(const Tensor& x) {
  const NoGrad no_grad;
  return as_contiguous(movedim(x.detach(), {1}, {-1}));
}
Tensor channels_second(const Tensor& y) {
  const NoGrad no_grad;
  return movedim(y, {-1}, {1});
}

}  // namespace

Tensor local_response_norm(const Tensor& x, std::int64_t size, double alpha, double beta, double k) {
  check_float("local_response_norm", x);
  check(x.dim() >= 3,
        "local_response_norm: the input must have shape (batch, channels, ...) with at least 3 dimensions, "
        "got {}",
        x.shape());
  check(size > 0, "local_response_norm: size must be positive, got {}", size);
  const ResponseNorm norm{size, alpha, beta, k};
  const Tensor in = channels_inside(x), y = empty(in.shape(), in.dtype(), in.device());
  local_response_norm_on(x.device()).forward(matrix_view(in, x.dim() - 1), matrix_view(y, x.dim() - 1), norm);
  return record("local_response_norm", channels_second(y), {x}, [in = Saved(in), norm](const Tensor& dy) -> Gradients {
    const Tensor dx = empty(in->shape(), in->dtype(), in->device()), from = channels_inside(dy);
    const int leading = dy.dim() - 1;
    local_response_norm_on(dy.device())
        .backward(matrix_view(*in, leading), matrix_view(from, leading), matrix_view(dx, leading), norm);
    return {channels_second(dx)};
  });
}

}  // namespace tilestack

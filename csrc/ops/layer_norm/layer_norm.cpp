#include "ops/layer_norm/layer_norm.h"

#include "core/op.h"

namespace tilestack {

Tensor layer_norm(const Tensor& x, const Dims& normalized_shape, const Tensor& weight, const Tensor& bias, double eps) {
  check_float("layer_norm", x);
  const int leading = dims_before("layer_norm", x, normalized_shape);
  check(!weight.defined() || weight.shape() == normalized_shape, "layer_norm: weight must have shape {}, got {}",
        normalized_shape, weight.defined() ? weight.shape() : Dims{});
  check(!bias.defined() || bias.shape() == normalized_shape, "layer_norm: bias must have shape {}, got {}",
        normalized_shape, bias.defined() ? bias.shape() : Dims{});
  check_same_dtype("layer_norm", {x, weight, bias});
  check_same_device("layer_norm", {x, weight, bias});

  const Tensor in = as_contiguous(x), w = weight.defined() ? as_contiguous(weight) : weight;
  const Tensor b = bias.defined() ? as_contiguous(bias) : bias;
  const Tensor y = empty(x.shape(), x.dtype(), x.device());
  const Tensor mean = empty(Dims(x.view().shape, leading), compute_dtype(x.dtype()), x.device());
  const Tensor r = empty_like(mean);
  layer_norm_on(x.device())
      .forward(matrix_view(in, leading), optional_view(w), optional_view(b), matrix_view(y, leading), mean, r, eps);

  return record("layer_norm", y, {x, weight, bias},
                [x, weight, bias, in = Saved(in), w = Saved(w), mean, r, leading](const Tensor& dy) -> Gradients {
                  const Tensor dx = x.requires_grad() ? empty_like(*in) : Tensor();
                  const Tensor dw = weight.requires_grad() ? empty_like(*w) : Tensor();
                  const Tensor db = bias.requires_grad() ? empty(bias.shape(), bias.dtype(), bias.device()) : Tensor();
                  layer_norm_on(r.device())
                      .backward(matrix_view(*in, leading), optional_view(*w), mean, r,
                                matrix_view(as_contiguous(dy), leading),
                                dx.defined() ? matrix_view(dx, leading) : View{}, optional_view(dw), optional_view(db));
                  return {dx, dw, db};
                });
}

}  // namespace tilestack

#include "ops/rms_norm/rms_norm.h"

#include "core/op.h"

namespace tilestack {
namespace {

double machine_epsilon(DType dtype) {
  switch (dtype) {
    case DType::float64:
      return 0x1p-52;
    case DType::bfloat16:
      return 0x1p-7;
    case DType::float16:
      return 0x1p-10;
    default:
      return 0x1p-23;
  }
}

}  // namespace

Tensor rms_norm(const Tensor& x, const Dims& normalized_shape, const Tensor& weight, std::optional<double> eps) {
  check_float("rms_norm", x);
  const int leading = dims_before("rms_norm", x, normalized_shape);
  check(!weight.defined() || weight.shape() == normalized_shape, "rms_norm: weight must have shape {}, got {}",
        normalized_shape, weight.defined() ? weight.shape() : Dims{});
  check_same_dtype("rms_norm", {x, weight});
  check_same_device("rms_norm", {x, weight});

  const Tensor in = as_contiguous(x), w = weight.defined() ? as_contiguous(weight) : weight;
  const Tensor y = empty(x.shape(), x.dtype(), x.device());
  const Tensor r = empty(Dims(x.view().shape, leading), compute_dtype(x.dtype()), x.device());
  rms_norm_on(x.device())
      .forward(matrix_view(in, leading), optional_view(w), matrix_view(y, leading), r,
               eps.value_or(machine_epsilon(x.dtype())));

  return record(
      "rms_norm", y, {x, weight}, [x, weight, in = Saved(in), w = Saved(w), r, leading](const Tensor& dy) -> Gradients {
        const Tensor dx = x.requires_grad() ? empty_like(*in) : Tensor();
        const Tensor dw = weight.requires_grad() ? empty_like(*w) : Tensor();
        rms_norm_on(r.device())
            .backward(matrix_view(*in, leading), optional_view(*w), r, matrix_view(as_contiguous(dy), leading),
                      dx.defined() ? matrix_view(dx, leading) : View{}, optional_view(dw));
        return {dx, dw};
      });
}

}  // namespace tilestack

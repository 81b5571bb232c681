#include "ops/nll_loss/nll_loss.h"

#include "core/losses.h"

namespace tilestack {

Tensor nll_loss(const Tensor& x, const Tensor& target, const Tensor& weight, ClassLossOptions options) {
  check<TypeError>(!is_float(target.dtype()), "nll_loss: target must hold class indices, got {}", target.dtype());
  const ClassRows in("nll_loss", x, target, weight);
  const Tensor total = empty({}, compute_dtype(x.dtype()), x.device());
  const Tensor y = empty(options.reduction == LossReduction::none ? in.shape : Dims{}, x.dtype(), x.device());
  check_classes("nll_loss", in,
                nll_loss_on(x.device()).forward(in.x, in.target, optional_view(in.weight), total, y, options), options);
  return record(
      "nll_loss", y, {x},
      [target = Saved(in.target), weight = Saved(in.weight), total, options, rows = in.rows(), classes = in.classes(),
       dtype = x.dtype(), shape = x.shape()](const Tensor& dy) -> Gradients {
        const Tensor dx = empty({rows, classes}, dtype, total.device());
        nll_loss_on(dx.device()).backward(*target, optional_view(*weight), total, as_contiguous(dy), dx, options);
        return {from_class_rows(dx, shape)};
      });
}

}  // namespace tilestack

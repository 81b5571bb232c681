#include "ops/cross_entropy/cross_entropy.h"

#include "core/losses.h"

namespace tilestack {

Tensor cross_entropy(const Tensor& x, const Tensor& target, const Tensor& weight, ClassLossOptions options) {
  check(options.label_smoothing >= 0 && options.label_smoothing <= 1,
        "cross_entropy: label_smoothing must be between 0 and 1, got {}", options.label_smoothing);
  const ClassRows in("cross_entropy", x, target, weight);
  const DType wide = compute_dtype(x.dtype());
  const Tensor l = empty({in.rows(), 2}, wide, x.device()), total = empty({}, wide, x.device());
  const Tensor y = empty(options.reduction == LossReduction::none ? in.shape : Dims{}, x.dtype(), x.device());
  check_classes("cross_entropy", in,
                cross_entropy_on(x.device()).forward(in.x, in.target, optional_view(in.weight), l, total, y, options),
                options);
  return record("cross_entropy", y, {x},
                [in = Saved(in.x), target = Saved(in.target), weight = Saved(in.weight), l, total, options,
                 shape = x.shape()](const Tensor& dy) -> Gradients {
                  const Tensor dx = empty_like(*in);
                  cross_entropy_on(dx.device())
                      .backward(*in, *target, optional_view(*weight), l, total, as_contiguous(dy), dx, options);
                  return {from_class_rows(dx, shape)};
                });
}

}  // namespace tilestack

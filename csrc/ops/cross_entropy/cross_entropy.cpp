#include "ops/cross_entropy/cross_entropy.h"

#include "core/losses.h"
#include "core/op.h"
#include "core/views.h"
#include "ops/add/add.h"
#include "ops/div/div.h"
#include "ops/log_softmax/log_softmax.h"
#include "ops/mul/mul.h"
#include "ops/neg/neg.h"
#include "ops/sum/sum.h"

namespace tilestack {
namespace {

// For probabilities that have a gradient themselves, which are rare.
Tensor composed(const Tensor& x, const Tensor& target, const Tensor& weight, const ClassLossOptions& options) {
  const auto number = [](double value) { return Scalar{Scalar::real, value, 0}; };
  const int dim = x.dim() == 1 ? 0 : 1;
  const double classes = double(x.size(dim)), smoothing = options.label_smoothing;
  const Tensor t = smoothing == 0 ? target : add(mul(target, number(1 - smoothing)), number(smoothing / classes));
  Tensor loss = mul(t, log_softmax(x, dim, {}));
  if (weight.defined()) {
    Dims along(weight.shape());
    while (along.size() < x.dim() - dim) along.push_back(1);
    loss = mul(loss, reshape(weight, along));
  }
  loss = neg(sum(loss, Dims{dim}, false, {}));
  if (options.reduction == LossReduction::none) return loss;
  const Tensor total = sum(loss, {}, false, {});
  return options.reduction == LossReduction::sum ? total : div(total, number(double(loss.numel())));
}

}  // namespace

Tensor cross_entropy(const Tensor& x, const Tensor& target, const Tensor& weight, ClassLossOptions options) {
  check(options.label_smoothing >= 0 && options.label_smoothing <= 1,
        "cross_entropy: label_smoothing must be between 0 and 1, got {}", options.label_smoothing);
  if (grad_enabled() && target.requires_grad() && target.shape() == x.shape()) {
    ClassRows("cross_entropy", x, target.detach(), weight);  // its checks
    return composed(x, target, weight, options);
  }
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

#include "bind/autocast.h"
#include "bind/bind.h"
#include "ops/binary_cross_entropy_with_logits/binary_cross_entropy_with_logits.h"
#include "ops/cross_entropy/cross_entropy.h"
#include "ops/div/div.h"
#include "ops/huber_loss/huber_loss.h"
#include "ops/l1_loss/l1_loss.h"
#include "ops/log_softmax/log_softmax.h"
#include "ops/mean/mean.h"
#include "ops/mse_loss/mse_loss.h"
#include "ops/mul/mul.h"
#include "ops/nll_loss/nll_loss.h"
#include "ops/softmax/softmax.h"
#include "ops/sum/sum.h"

namespace tilestack {
namespace {

LossReduction reduction_of(const char* op, const std::string& name) {
  if (name == "mean") return LossReduction::mean;
  if (name == "sum") return LossReduction::sum;
  check(name == "none", "{}: reduction must be 'mean', 'sum' or 'none', got '{}'", op, name);
  return LossReduction::none;
}

// Each element's loss times its weight.
Tensor weighted(const char* op, const Tensor& losses, const Tensor& weight) {
  check(weight.shape() == losses.shape(), "{}: weight must have the input's shape {}, got {}", op, losses.shape(),
        weight.shape());
  return mul(losses, weight);
}

using PointwiseLoss = Tensor(const Tensor&, const Tensor&, LossReduction);

template <PointwiseLoss loss>
void bind_weighted(Bindings& b, const char* name, const char* doc) {
  b.function(
      name,
      [name](const Tensor& x, const Tensor& t, const std::string& reduction, const Tensor& weight) {
        const LossReduction how = reduction_of(name, reduction);
        if (!weight.defined()) return loss(cast_up(x), cast_up(t), how);
        const Tensor w = cast_up(weight), each = weighted(name, loss(cast_up(x), cast_up(t), LossReduction::none), w);
        if (how == LossReduction::none) return each;
        const Tensor total = sum(each, {}, false, {});
        return how == LossReduction::sum ? total : div(total, sum(w, {}, false, {}));
      },
      doc, py::arg("input").none(false), py::arg("target").none(false), py::arg("reduction") = "mean",
      py::arg("weight") = py::none());
}

template <PointwiseLoss loss>
void bind_pointwise(Bindings& b, const char* name, const char* doc) {
  b.function(
      name,
      [name](const Tensor& x, const Tensor& t, const std::string& reduction) {
        return loss(cast_up(x), cast_up(t), reduction_of(name, reduction));
      },
      doc, py::arg("input").none(false), py::arg("target").none(false), py::arg("reduction") = "mean");
}

}  // namespace

void bind_losses(Bindings& b) {
  const py::arg input = py::arg("input").none(false), target = py::arg("target").none(false);
  const py::arg_v weight = py::arg("weight") = py::none(), reduction = py::arg("reduction") = "mean",
                  dtype = py::arg("dtype") = py::none(), ignore_index = py::arg("ignore_index") = -100;
  b.both("softmax", float32_only(&softmax),
         "exp(x) / sum(exp(x)) along dim. dtype: what the input is converted to first.", input, py::arg("dim"), dtype);
  b.both("log_softmax", float32_only(&log_softmax),
         "log(softmax(x)) along dim. dtype: what the input is converted to first.", input, py::arg("dim"), dtype);
  b.function(
      "cross_entropy",
      float32_only([](const Tensor& x, const Tensor& target, const Tensor& weight, std::int64_t ignore_index,
                      const std::string& reduction, double label_smoothing) {
        return cross_entropy(x, target, weight,
                             {ignore_index, label_smoothing, reduction_of("cross_entropy", reduction)});
      }),
      "The cross-entropy of logits with a target.\n\n"
      "input: (C), (N, C) or (N, C, d1, ...) float. target: class indices of the same shape without C (IndexError if "
      "out\n"
      "of range), or probabilities of the input's shape. weight: (C), a factor for each class. Rows with ignore_index\n"
      "count nothing. reduction: 'mean' (over the weights of counted rows), 'sum' or 'none'. label_smoothing: how much "
      "of\n"
      "the target is spread evenly over the classes (Szegedy et al., 2016).",
      input, target, weight, ignore_index, reduction, py::arg("label_smoothing") = 0.0);
  b.function("nll_loss",
             float32_only([](const Tensor& x, const Tensor& target, const Tensor& weight, std::int64_t ignore_index,
                             const std::string& reduction) {
               return nll_loss(x, target, weight, {ignore_index, 0, reduction_of("nll_loss", reduction)});
             }),
             "-input[target], the loss of log-probabilities. Arguments as of cross_entropy, with class indices.", input,
             target, weight, ignore_index, reduction);
  bind_weighted<mse_loss>(b, "mse_loss",
                          "(input - target)^2, of tensors of one shape: nothing is broadcast. reduction: 'mean' (over "
                          "the weights, if they\n"
                          "are given), 'sum' or 'none'. weight: a factor for each element, of the input's shape.");
  bind_weighted<l1_loss>(b, "l1_loss", "|input - target|. Arguments as of mse_loss.");
  b.function(
      "huber_loss",
      [](const Tensor& x, const Tensor& t, const std::string& reduction, double delta, const Tensor& weight) {
        const LossReduction how = reduction_of("huber_loss", reduction);
        if (!weight.defined()) return huber_loss(cast_up(x), cast_up(t), how, delta);
        const Tensor losses = huber_loss(cast_up(x), cast_up(t), LossReduction::none, delta);
        const Tensor each = weighted("huber_loss", losses, cast_up(weight));
        if (how == LossReduction::none) return each;
        return (how == LossReduction::sum ? sum : mean)(each, {}, false, {});
      },
      "d^2 / 2 where d = |input - target| is below delta, else delta (d - delta / 2). Arguments as of mse_loss, but\n"
      "the mean is over the elements, with a weight too.",
      input, target, reduction, py::arg("delta") = 1.0, weight);
  b.function(
      "smooth_l1_loss",
      [](const Tensor& x, const Tensor& t, const std::string& reduction, double beta) {
        return smooth_l1_loss(cast_up(x), cast_up(t), reduction_of("smooth_l1_loss", reduction), beta);
      },
      "d^2 / (2 beta) where d = |input - target| is below beta, else d - beta / 2, of tensors of one shape.\n"
      "reduction: 'mean', 'sum' or 'none'.",
      input, target, reduction, py::arg("beta") = 1.0);
  bind_pointwise<binary_cross_entropy_with_logits>(
      b, "binary_cross_entropy_with_logits",
      "-t log(sigmoid(x)) - (1 - t) log(1 - sigmoid(x)) of logits x and probabilities t of one shape.\n"
      "reduction: 'mean', 'sum' or 'none'.");
}

}  // namespace tilestack

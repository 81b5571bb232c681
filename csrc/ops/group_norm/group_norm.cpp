#include "ops/group_norm/group_norm.h"

#include "core/op.h"
#include "ops/sum/sum.h"

namespace tilestack {
namespace {

void check_arguments(const Tensor& x, std::int64_t groups, const Tensor& weight, const Tensor& bias) {
  check_float("group_norm", x);
  check(x.dim() >= 2 && groups > 0 && x.size(1) % groups == 0,
        "group_norm: input must have shape (batch, channels, ...) with channels a multiple of {}, got {}", groups,
        x.shape());
  const Dims channels = {x.size(1)};
  check(!weight.defined() || weight.shape() == channels, "group_norm: weight must have shape {}, got {}", channels,
        weight.defined() ? weight.shape() : Dims{});
  check(!bias.defined() || bias.shape() == channels, "group_norm: bias must have shape {}, got {}", channels,
        bias.defined() ? bias.shape() : Dims{});
  check(x.numel() != groups, "group_norm: wanted more than one value a group, got {} groups of shape {}", groups,
        x.shape());
  check_same_dtype("group_norm", {x, weight, bias});
  check_same_device("group_norm", {x, weight, bias});
}

// A contiguous x as (batch * groups, elements of a group).
View group_rows(const Tensor& x, const ChannelGroups& g) {
  View rows = x.view();
  rows.ndim = 2;
  rows.shape[0] = x.size(0) * g.groups;
  rows.shape[1] = rows.strides[0] = g.channels * g.inside;
  rows.strides[1] = 1;
  return rows;
}

// Of a weight or a bias: the sum of what each image has for it.
Tensor summed(const Tensor& shares, DType dtype) {
  return shares.defined() ? as_dtype(sum(shares, Dims{0}, false, {}), dtype) : Tensor();
}

}  // namespace

Tensor group_norm(const Tensor& x, std::int64_t num_groups, const Tensor& weight, const Tensor& bias, double eps) {
  check_arguments(x, num_groups, weight, bias);
  ChannelGroups g{num_groups, x.size(1) / num_groups, 1};
  for (int i = 2; i < x.dim(); ++i) g.inside *= x.size(i);

  const Tensor in = as_contiguous(x), w = weight.defined() ? as_contiguous(weight) : weight;
  const Tensor b = bias.defined() ? as_contiguous(bias) : bias;
  const Tensor y = empty(x.shape(), x.dtype(), x.device());
  const Tensor mean = empty({x.size(0), num_groups}, compute_dtype(x.dtype()), x.device()), r = empty_like(mean);
  group_norm_on(x.device())
      .forward(group_rows(in, g), optional_view(w), optional_view(b), group_rows(y, g), mean, r, eps, g);

  return record("group_norm", y, {x, weight, bias},
                [x, weight, bias, in = Saved(in), w = Saved(w), mean, r, g](const Tensor& dy) -> Gradients {
                  const auto shares = [&](const Tensor& parameter) {
                    const Dims each = {mean.size(0), g.groups * g.channels};
                    return parameter.requires_grad() ? empty(each, mean.dtype(), mean.device()) : Tensor();
                  };
                  const Tensor dx = x.requires_grad() ? empty_like(*in) : Tensor();
                  const Tensor dw = shares(weight), db = shares(bias);
                  group_norm_on(r.device())
                      .backward(group_rows(*in, g), optional_view(*w), mean, r, group_rows(as_contiguous(dy), g),
                                dx.defined() ? group_rows(dx, g) : View{}, optional_view(dw), optional_view(db), g);
                  const NoGrad no_grad;
                  return {dx, summed(dw, dy.dtype()), summed(db, dy.dtype())};
                });
}

}  // namespace tilestack

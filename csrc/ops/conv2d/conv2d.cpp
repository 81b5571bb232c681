#include "ops/conv2d/conv2d.h"

#include <algorithm>

#include "core/op.h"
#include "core/views.h"
#include "ops/conv2d/conv2d_steps.h"

namespace tilestack {
namespace {

void check_conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias, std::int64_t groups) {
  check_float("conv2d", x);
  check(weight.dim() == 4, "conv2d: weight must have shape (out, in / groups, height, width), got {}", weight.shape());
  check(weight.size(2) > 0 && weight.size(3) > 0, "conv2d: weight must have a kernel of at least 1 x 1, got {}",
        weight.shape());
  check(groups > 0 && weight.size(0) % groups == 0, "conv2d: groups must divide the {} outputs of weight {}, got {}",
        weight.size(0), weight.shape(), groups);
  check((x.dim() == 4 || x.dim() == 3) && x.size(-3) == weight.size(1) * groups,
        "conv2d: weight {} with groups {} needs x of shape (batch, {}, height, width), got {}", weight.shape(), groups,
        weight.size(1) * groups, x.shape());
  check(!bias.defined() || bias.shape() == Dims{weight.size(0)}, "conv2d: bias must have shape ({},), got {}",
        weight.size(0), bias.defined() ? bias.shape() : Dims{});
  check_same_dtype("conv2d", {x, weight, bias});
  check_same_device("conv2d", {x, weight, bias});
}

Dims output_shape(const Tensor& x, const Tensor& weight, const Conv2dSteps& s) {
  Dims shape = {x.size(0), weight.size(0)};
  for (int i = 0; i < 2; ++i) {
    const std::int64_t room = x.size(2 + i) + 2 * s.padding[i] - s.dilation[i] * (weight.size(2 + i) - 1) - 1;
    check(room >= 0, "conv2d: the kernel of weight {}, dilated by ({}, {}), does not fit in x {} padded by ({}, {})",
          weight.shape(), s.dilation[0], s.dilation[1], x.shape(), s.padding[0], s.padding[1]);
    shape.push_back(room / s.stride[i] + 1);
  }
  return shape;
}

Planes planes_of(const Tensor& x, const Tensor& w, const Dims& y_shape, const Conv2dSteps& steps) {
  const auto planes = conv2d_on(x.device()).planes;
  if (!planes || !x.is_contiguous()) return Planes::none;
  View y{.ndim = 4};
  std::copy(y_shape.begin(), y_shape.end(), y.shape);
  return planes(x, w, y, steps);
}

}  // namespace

Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias, const Dims& stride, const Dims& padding,
              const Dims& dilation, std::int64_t groups, Activation activation) {
  check_conv2d(x, weight, bias, groups);
  if (x.dim() == 3)
    return squeeze(conv2d(unsqueeze(x, 0), weight, bias, stride, padding, dilation, groups, activation), 0);
  Conv2dSteps steps{};
  steps.groups = groups;
  set_pair("conv2d", steps.stride, "stride", stride, 1);
  set_pair("conv2d", steps.padding, "padding", padding, 0);
  set_pair("conv2d", steps.dilation, "dilation", dilation, 1);

  const Tensor w = as_contiguous(weight), b = bias.defined() ? as_contiguous(bias) : bias;
  const Dims shape = output_shape(x, weight, steps);
  const Planes planes = planes_of(x, w, shape, steps);
  const auto images = [planes, dtype = x.dtype(), device = x.device()](const Dims& shape) {
    return planes == Planes::all ? empty(shape, dtype, device) : empty_channels_last(shape, dtype, device);
  };
  const Tensor in = planes == Planes::none ? as_channels_last(x) : x, y = images(shape);
  const bool tracked = any_requires_grad(std::initializer_list<Tensor>{x, weight, bias});
  const Tensor pre = tracked && slope_needs_input(activation) ? images(shape) : Tensor();
  conv2d_on(x.device()).forward(in, w, optional_view(b), y, optional_view(pre), steps, activation);
  if (!tracked) return y;

  const Saved saved(pre.defined() ? pre : activation == Activation::none ? Tensor() : y.detach());
  const Saved kept_in(weight.requires_grad() ? in : Tensor()), kept_weight(w);
  return record("conv2d", y, {x, weight, bias},
                [x, weight, bias, saved, kept_in, kept_weight, steps, activation, planes, images](const Tensor& dy) {
                  const auto wanted = [](const Tensor& t) {
                    return t.requires_grad() ? empty(t.shape(), t.dtype(), t.device()) : Tensor();
                  };
                  const Tensor dx = x.requires_grad() ? images(x.shape()) : Tensor();
                  const Tensor d = planes == Planes::all ? as_contiguous(dy) : as_channels_last(dy);
                  const Tensor dw = kept_in->defined() ? wanted(weight) : Tensor(), db = wanted(bias);
                  conv2d_on(dy.device())
                      .backward(optional_view(*kept_in), *kept_weight, optional_view(*saved), d, optional_view(dx),
                                optional_view(dw), optional_view(db), steps, activation);
                  return Gradients{dx, dw, db};
                });
}

}  // namespace tilestack

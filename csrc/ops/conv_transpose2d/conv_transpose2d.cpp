#include "ops/conv_transpose2d/conv_transpose2d.h"

#include "core/op.h"
#include "core/views.h"
#include "ops/add/add.h"
#include "ops/conv2d/conv2d.h"
#include "ops/conv2d/conv2d_steps.h"
#include "ops/sum/sum.h"

namespace tilestack {
namespace {

constexpr const char* kTransposed = "conv_transpose2d";

void check_conv_transpose2d(const Tensor& x, const Tensor& weight, const Tensor& bias, std::int64_t groups) {
  check_float(kTransposed, x);
  check(weight.dim() == 4 && weight.size(2) > 0 && weight.size(3) > 0,
        "{}: weight must have shape (in, out / groups, height, width), got {}", kTransposed, weight.shape());
  check(groups > 0 && weight.size(0) % groups == 0, "{}: groups must divide the {} inputs of weight {}, got {}",
        kTransposed, weight.size(0), weight.shape(), groups);
  check((x.dim() == 4 || x.dim() == 3) && x.size(-3) == weight.size(0),
        "{}: weight {} needs x of shape (batch, {}, height, width), got {}", kTransposed, weight.shape(),
        weight.size(0), x.shape());
  check(x.size(-2) > 0 && x.size(-1) > 0, "{}: x must not be of height or width 0, got shape {}", kTransposed,
        x.shape());
  check(!bias.defined() || bias.shape() == Dims{weight.size(1) * groups}, "{}: bias must have shape ({},), got {}",
        kTransposed, weight.size(1) * groups, bias.defined() ? bias.shape() : Dims{});
  check_same_dtype(kTransposed, {x, weight, bias});
  check_same_device(kTransposed, {x, weight, bias});
}

Dims transposed_shape(const Tensor& x, const Tensor& weight, const Conv2dSteps& s, const std::int64_t (&extra)[2]) {
  Dims shape = {x.size(0), weight.size(1) * s.groups};
  for (int i = 0; i < 2; ++i) {
    check(extra[i] < s.stride[i] || extra[i] < s.dilation[i],
          "{}: output_padding must be smaller than stride or dilation, got {}, {} and {}", kTransposed, extra[i],
          s.stride[i], s.dilation[i]);
    shape.push_back((x.size(2 + i) - 1) * s.stride[i] - 2 * s.padding[i] + s.dilation[i] * (weight.size(2 + i) - 1) +
                    extra[i] + 1);
    check(shape[2 + i] > 0, "{}: padding ({}, {}) leaves nothing of x {} and weight {}", kTransposed, s.padding[0],
          s.padding[1], x.shape(), weight.shape());
  }
  return shape;
}

}  // namespace

Tensor conv_transpose2d(const Tensor& x, const Tensor& weight, const Tensor& bias, const Dims& stride,
                        const Dims& padding, const Dims& output_padding, std::int64_t groups, const Dims& dilation) {
  check_conv_transpose2d(x, weight, bias, groups);
  if (x.dim() == 3)
    return squeeze(conv_transpose2d(unsqueeze(x, 0), weight, bias, stride, padding, output_padding, groups, dilation),
                   0);
  Conv2dSteps steps{};
  std::int64_t extra[2];
  steps.groups = groups;
  set_pair(kTransposed, steps.stride, "stride", stride, 1);
  set_pair(kTransposed, steps.padding, "padding", padding, 0);
  set_pair(kTransposed, steps.dilation, "dilation", dilation, 1);
  set_pair(kTransposed, extra, "output_padding", output_padding, 0);

  const Tensor in = as_channels_last(x), w = as_contiguous(weight);
  const Tensor y = empty_channels_last(transposed_shape(x, weight, steps, extra), x.dtype(), x.device());
  conv2d_on(x.device()).backward({}, w, {}, in, y, {}, {}, steps, Activation::none);
  if (bias.defined()) {
    const NoGrad no_grad;
    add_into(y, y, reshape(bias, {bias.size(0), 1, 1}));
  }
  return record(kTransposed, y, {x, weight, bias},
                [x, weight, bias, kept_in = Saved(in), kept_weight = Saved(w), steps](const Tensor& dy) {
                  const auto& kernels = conv2d_on(dy.device());
                  const Tensor d = as_channels_last(dy), w = *kept_weight;
                  Gradients gradients(3);
                  if (x.requires_grad()) {
                    gradients[0] = empty_channels_last(x.shape(), x.dtype(), x.device());
                    kernels.forward(d, w, {}, gradients[0], {}, steps, Activation::none);
                  }
                  if (weight.requires_grad()) {
                    gradients[1] = empty_like(w);
                    kernels.backward(d, w, {}, *kept_in, {}, gradients[1], {}, steps, Activation::none);
                  }
                  if (bias.requires_grad()) gradients[2] = sum(d, Dims{0, 2, 3}, false, {});
                  return gradients;
                });
}

}  // namespace tilestack

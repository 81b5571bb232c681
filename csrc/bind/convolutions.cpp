#include "bind/autocast.h"
#include "bind/bind.h"
#include "core/activation.h"
#include "core/views.h"
#include "ops/conv2d/conv2d.h"
#include "ops/conv_transpose2d/conv_transpose2d.h"
#include "ops/pad/pad.h"
#include "ops/unfold/unfold.h"

namespace tilestack {
namespace {

// Numbers, "valid", or "same", which pads x itself where the two sides differ.
Dims resolve_padding(const py::object& padding, Tensor& x, const Tensor& weight, const Dims& stride,
                     const Dims& dilation) {
  if (!py::isinstance<py::str>(padding)) return padding.cast<Dims>();
  const std::string name = padding.cast<std::string>();
  if (name == "valid") return {0};
  check(name == "same", "conv2d: padding must be \"same\", \"valid\", one number or two, got \"{}\"", name);
  for (std::int64_t s : stride) check(s == 1, "conv2d: padding \"same\" needs stride 1, got {}", stride);
  check(weight.dim() == 4, "conv2d: weight must have shape (out, in / groups, height, width), got {}", weight.shape());
  const std::int64_t high = dilation[0] * (weight.size(2) - 1), wide = dilation[-1] * (weight.size(3) - 1);
  if (high % 2 || wide % 2) x = pad(x, {0, wide % 2, 0, high % 2}, "constant", Scalar{});
  return {high / 2, wide / 2};
}

Tensor fused_conv2d(Tensor x, const Tensor& weight, const Tensor& bias, const Dims& stride, const py::object& padding,
                    const Dims& dilation, std::int64_t groups, const std::string& activation) {
  const Dims sides = resolve_padding(padding, x, weight, stride, dilation);
  return conv2d(x, weight, bias, stride, sides, dilation, groups, activation_of("conv2d", activation));
}
Tensor plain_conv2d(Tensor x, const Tensor& weight, const Tensor& bias, const Dims& stride, const py::object& padding,
                    const Dims& dilation, std::int64_t groups) {
  const Dims sides = resolve_padding(padding, x, weight, stride, dilation);
  return conv2d(x, weight, bias, stride, sides, dilation, groups);
}

// (length) as images of height 1.
Tensor as_rows(const char* op, const Tensor& x) {
  check(x.dim() == 2 || x.dim() == 3,
        "{}: the input must have shape (batch, channels, length) or (channels, length), got {}", op, x.shape());
  return unsqueeze(x, -2);
}
Tensor row_filters(const char* op, const Tensor& weight) {
  check(weight.dim() == 3, "{}: weight must have 3 dimensions, got shape {}", op, weight.shape());
  return unsqueeze(weight, 2);
}
Dims along_row(const char* op, const char* name, const Dims& size, std::int64_t other) {
  check(size.size() == 1, "{}: {} must be one number, got {}", op, name, size);
  return {other, size[0]};
}

Tensor conv1d(const Tensor& x, const Tensor& weight, const Tensor& bias, const Dims& stride, const py::object& padding,
              const Dims& dilation, std::int64_t groups) {
  const py::object sides =
      py::isinstance<py::str>(padding) ? padding : py::cast(along_row("conv1d", "padding", padding.cast<Dims>(), 0));
  return squeeze(
      plain_conv2d(as_rows("conv1d", x), row_filters("conv1d", weight), bias, along_row("conv1d", "stride", stride, 1),
                   sides, along_row("conv1d", "dilation", dilation, 1), groups),
      -2);
}

Tensor conv_transpose1d(const Tensor& x, const Tensor& weight, const Tensor& bias, const Dims& stride,
                        const Dims& padding, const Dims& output_padding, std::int64_t groups, const Dims& dilation) {
  const char* op = "conv_transpose1d";
  return squeeze(
      conv_transpose2d(as_rows(op, x), row_filters(op, weight), bias, along_row(op, "stride", stride, 1),
                       along_row(op, "padding", padding, 0), along_row(op, "output_padding", output_padding, 0), groups,
                       along_row(op, "dilation", dilation, 1)),
      -2);
}

}  // namespace

void bind_convolutions(Bindings& b) {
  const py::arg input = py::arg("input").none(false), weight = py::arg("weight").none(false);
  const py::arg_v bias = py::arg("bias") = py::none(), stride = py::arg("stride") = 1, padding = py::arg("padding") = 0;
  const py::arg_v dilation = py::arg("dilation") = 1, groups = py::arg("groups") = 1,
                  output_padding = py::arg("output_padding") = 0;
  b.function(
      "conv2d", products_low(&plain_conv2d),
      "Cross-correlation of images with filters.\n\n"
      "input: (batch, channels, height, width) or (channels, height, width) float. weight: (out, channels / groups,\n"
      "kh, kw). bias: (out,). stride, padding, dilation: one number or (height, width); padding also \"valid\" or\n"
      "\"same\" (stride 1 only). Returns (batch, out, height', width'), channels-last in memory, with height' =\n"
      "floor((height + 2 padding - dilation (kh - 1) - 1) / stride) + 1. One dtype; sums are float32 at least.\n"
      "ValueError for shapes that don't fit.",
      input, weight, bias, stride, padding, dilation, groups);
  b.function("fused_conv2d", products_low(&fused_conv2d),
             "activation(conv2d(...)) in one pass. activation: none, relu, gelu, gelu_tanh, sigmoid, tanh.", input,
             weight, bias, stride, padding, dilation, groups, py::arg("activation") = "none");
  b.function("conv1d", products_low(&conv1d),
             "conv2d of (batch, channels, length) or (channels, length). weight: (out, channels / groups, kernel).",
             input, weight, bias, stride, padding, dilation, groups);
  b.function(
      "conv_transpose2d", products_low(&conv_transpose2d),
      "The transposed map of conv2d's, which takes its outputs' shape to its inputs': each element of the input adds\n"
      "itself times the filters to a window of the result.\n\n"
      "input: (batch, channels, height, width) or (channels, height, width) float. weight: (channels, out / groups,\n"
      "kh, kw). bias: (out,). stride, padding, output_padding, dilation: one number or (height, width). Returns\n"
      "(batch, out, height', width') with height' = (height - 1) stride - 2 padding + dilation (kh - 1) +\n"
      "output_padding + 1; output_padding is smaller than stride or dilation. ValueError for shapes that don't fit.",
      input, weight, bias, stride, padding, output_padding, groups, dilation);
  b.function("conv_transpose1d", products_low(&conv_transpose1d),
             "conv_transpose2d of (batch, channels, length) or (channels, length). weight: (channels, out / groups,\n"
             "kernel).",
             input, weight, bias, stride, padding, output_padding, groups, dilation);
  const py::arg kernel_size = py::arg("kernel_size");
  b.function(
      "unfold", &unfold,
      "The windows of images as columns: (batch, channels, height, width) to (batch, channels kh kw, windows).\n\n"
      "Sizes are one number or (height, width). The batch may be missing.",
      input, kernel_size, dilation, padding, stride);
  b.function("fold", &fold,
             "The sum of overlapping windows, unfold's transposed map: (batch, channels kh kw, windows) to (batch,\n"
             "channels, *output_size).",
             input, py::arg("output_size"), kernel_size, dilation, padding, stride);
}

}  // namespace tilestack

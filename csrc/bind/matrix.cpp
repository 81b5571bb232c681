#include "bind/bind.h"
#include "core/activation.h"
#include "ops/conv2d/conv2d.h"
#include "ops/linear/linear.h"
#include "ops/matmul/matmul.h"
#include "ops/pad/pad.h"

namespace tilestack {
namespace {

Tensor mm(const Tensor& a, const Tensor& b) {
  check(a.dim() == 2 && b.dim() == 2, "mm: operands must have 2 dimensions, got shapes {} and {}", a.shape(),
        b.shape());
  return matmul(a, b);
}
Tensor bmm(const Tensor& a, const Tensor& b) {
  check(a.dim() == 3 && b.dim() == 3 && a.size(0) == b.size(0),
        "bmm: operands must have 3 dimensions and one batch size, got shapes {} and {}", a.shape(), b.shape());
  return matmul(a, b);
}

Tensor fused_linear(const Tensor& x, const Tensor& weight, const Tensor& bias, const std::string& activation,
                    const Tensor& residual) {
  return linear(x, weight, bias, activation_of("linear", activation), residual);
}

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

// a @ b; either may be a numpy array.
Tensor matmul_operator(const Operand& a, const Operand& b) {
  check<TypeError>(a.tensor.defined() && b.tensor.defined(), "matmul: @ needs tensors on both sides, got a number");
  return matmul(a.tensor, b.tensor);
}

}  // namespace

void bind_matrix(Bindings& b) {
  const py::arg input = py::arg("input").none(false), weight = py::arg("weight").none(false);
  const py::arg other = py::arg("other").none(false), mat2 = py::arg("mat2").none(false);
  const py::arg_v residual = py::arg("residual") = py::none();
  const py::arg_v bias = py::arg("bias") = py::none(), stride = py::arg("stride") = 1, padding = py::arg("padding") = 0;
  const py::arg_v dilation = py::arg("dilation") = 1, groups = py::arg("groups") = 1;
  b.both(
      "matmul", &matmul,
      "Matrix product, as numpy's.\n\n"
      "input: (..., m, k). other: (..., k, n). Returns (..., m, n); leading dimensions are batches and broadcast. A\n"
      "1-D input counts as a row, a 1-D other as a column. Operands have one dtype, float or integer. Floats are\n"
      "summed in float32 or float64, integers wrap. ValueError for shapes that don't fit.",
      input, other);
  b.method("__matmul__", &matmul_operator, "", py::is_operator());
  b.method(
      "__rmatmul__", [](const Operand& x, const Operand& y) { return matmul_operator(y, x); }, "", py::is_operator());
  b.both("mm", &mm, "matmul of two matrices.", input, mat2);
  b.both("bmm", &bmm, "matmul of two batches of matrices, (batch, m, k) and (batch, k, n).", input, mat2);
  b.function(
      "linear",
      [](const Tensor& x, const Tensor& weight, const Tensor& bias) {
        return linear(x, weight, bias, Activation::none, Tensor());
      },
      "input weight^T + bias.\n\n"
      "input: (..., in) float. weight: (out, in). bias: (out,). Returns (..., out). One dtype; sums are float32 at\n"
      "least. ValueError for shapes that don't fit.",
      input, weight, bias);
  b.function(
      "fused_linear", &fused_linear,
      "activation(linear(input, weight, bias)) + residual in one pass. activation: none, relu, gelu, gelu_tanh,\n"
      "sigmoid, tanh. residual: of the result's shape, or None.",
      input, weight, bias, py::arg("activation") = "none", residual);
  b.function(
      "conv2d", &plain_conv2d,
      "Cross-correlation of images with filters.\n\n"
      "input: (batch, channels, height, width) or (channels, height, width) float. weight: (out, channels / groups,\n"
      "kh, kw). bias: (out,). stride, padding, dilation: one number or (height, width); padding also \"valid\" or\n"
      "\"same\" (stride 1 only). Returns (batch, out, height', width'), channels-last in memory, with height' =\n"
      "floor((height + 2 padding - dilation (kh - 1) - 1) / stride) + 1. One dtype; sums are float32 at least.\n"
      "ValueError for shapes that don't fit.",
      input, weight, bias, stride, padding, dilation, groups);
  b.function("fused_conv2d", &fused_conv2d,
             "activation(conv2d(...)) in one pass. activation: none, relu, gelu, gelu_tanh, sigmoid, tanh.", input,
             weight, bias, stride, padding, dilation, groups, py::arg("activation") = "none");
}

}  // namespace tilestack

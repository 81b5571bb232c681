#include "bind/autocast.h"
#include "bind/bind.h"
#include "core/activation.h"
#include "ops/add/add.h"
#include "ops/linear/linear.h"
#include "ops/matmul/matmul.h"
#include "ops/quantized_linear/quantized_linear.h"

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
// Under autocast the residual stays in its dtype.
Tensor fused_linear_cast(const Tensor& x, const Tensor& weight, const Tensor& bias, const std::string& activation,
                         const Tensor& residual) {
  if (!autocast_on()) return fused_linear(x, weight, bias, activation, residual);
  const Tensor y = fused_linear(cast_down(x), cast_down(weight), cast_down(bias), activation, Tensor());
  return residual.defined() ? add(y, residual) : y;
}

// a @ b; either may be a numpy array.
Tensor matmul_operator(const Operand& a, const Operand& b) {
  check<TypeError>(a.tensor.defined() && b.tensor.defined(), "matmul: @ needs tensors on both sides, got a number");
  if (!autocast_on()) [[likely]]
    return matmul(a.tensor, b.tensor);
  return matmul(cast_down(a.tensor), cast_down(b.tensor));
}

}  // namespace

void bind_matrix(Bindings& b) {
  const py::arg input = py::arg("input").none(false), weight = py::arg("weight").none(false);
  const py::arg other = py::arg("other").none(false), mat2 = py::arg("mat2").none(false);
  const py::arg_v residual = py::arg("residual") = py::none();
  const py::arg_v bias = py::arg("bias") = py::none();
  b.both(
      "matmul", products_low(&matmul),
      "Matrix product, as numpy's.\n\n"
      "input: (..., m, k). other: (..., k, n). Returns (..., m, n); leading dimensions are batches and broadcast. A\n"
      "1-D input counts as a row, a 1-D other as a column. Operands have one dtype, float or integer. Floats are\n"
      "summed in float32 or float64, integers wrap. ValueError for shapes that don't fit.",
      input, other);
  b.method("__matmul__", &matmul_operator, "", py::is_operator());
  b.method(
      "__rmatmul__", [](const Operand& x, const Operand& y) { return matmul_operator(y, x); }, "", py::is_operator());
  b.both("mm", products_low(&mm), "matmul of two matrices.", input, mat2);
  b.both("bmm", products_low(&bmm), "matmul of two batches of matrices, (batch, m, k) and (batch, k, n).", input, mat2);
  b.function(
      "linear", products_low([](const Tensor& x, const Tensor& weight, const Tensor& bias) {
        return linear(x, weight, bias, Activation::none, Tensor());
      }),
      "input weight^T + bias.\n\n"
      "input: (..., in) float. weight: (out, in). bias: (out,). Returns (..., out). One dtype; sums are float32 at\n"
      "least. ValueError for shapes that don't fit.",
      input, weight, bias);
  b.function(
      "fused_linear", &fused_linear_cast,
      "activation(linear(input, weight, bias)) + residual in one pass. activation: none, relu, gelu, gelu_tanh,\n"
      "sigmoid, tanh. residual: of the result's shape, or None.",
      input, weight, bias, py::arg("activation") = "none", residual);
  b.function(
      "quantized_linear", &quantized_linear,
      "linear with the weight q * scales, whole numbers q of 8 or 4 bits in groups along a row. Inference only.\n\n"
      "input: (..., in) float32, bfloat16 or float16. weight: (out, in) int8, or (out, in / 2) uint8 as\n"
      "nn.QuantizedLinear packs it. scales: (out, groups) float32; one group for int8. bias: (out,) in the input's\n"
      "dtype. Returns (..., out). ValueError for shapes that don't fit, RuntimeError where gradients are wanted.",
      input, weight, py::arg("scales").none(false), bias);
}

}  // namespace tilestack

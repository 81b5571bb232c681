#include "ops/quantized_linear/quantized_linear.h"

#include "core/op.h"

namespace tilestack {
namespace {

constexpr const char* kName = "quantized_linear";

void check_weight(const Tensor& x, const Tensor& weight, const Tensor& scales) {
  check<TypeError>(weight.dtype() == DType::int8 || weight.dtype() == DType::uint8,
                   "{}: weight must be int8, or uint8 with two numbers of 4 bits each, got {}", kName, weight.dtype());
  check<TypeError>(scales.dtype() == DType::float32, "{}: scales must be float32, got {}", kName, scales.dtype());
  check(weight.dim() == 2 && scales.dim() == 2 && scales.size(0) == weight.size(0),
        "{}: weight and scales must have shapes (out, ...), got {} and {}", kName, weight.shape(), scales.shape());
  const bool narrow = weight.dtype() == DType::uint8;
  const std::int64_t in = weight.size(1) * (narrow ? 2 : 1), groups = scales.size(1);
  check(x.dim() > 0 && x.size(-1) == in, "{}: weight {} {} needs x of shape (..., {}), got {}", kName, weight.dtype(),
        weight.shape(), in, x.shape());
  if (!narrow) {
    check(groups == 1, "{}: scales of an int8 weight must have shape (out, 1), got {}", kName, scales.shape());
    return;
  }
  const std::int64_t group = groups > 0 ? in / groups : 0;
  check(in % kQuantBlock == 0 && (in == 0 || (group * groups == in && (group == 32 || group % kQuantBlock == 0))),
        "{}: {} numbers of 4 bits in a row must be whole blocks of 64, in groups of 32 or of a multiple of 64, got {} "
        "groups",
        kName, in, groups);
}

}  // namespace

Tensor quantized_linear(const Tensor& x, const Tensor& weight, const Tensor& scales, const Tensor& bias) {
  check_float(kName, x);
  check<TypeError>(x.dtype() != DType::float64, "{}: x must be float32, bfloat16 or float16, got float64", kName);
  check_weight(x, weight, scales);
  check(!bias.defined() || bias.shape() == Dims{weight.size(0)}, "{}: bias must have shape ({},), got {}", kName,
        weight.size(0), bias.defined() ? bias.shape() : Dims{});
  check_same_dtype(kName, {x, bias});
  check_same_device(kName, {x, weight, scales, bias});
  check<RuntimeError>(!any_requires_grad(std::initializer_list<Tensor>{x, scales, bias}),
                      "{}: for inference only: weights of 8 or 4 bits pass no gradients; call it within no_grad()",
                      kName);
  Dims shape = x.shape();
  shape[-1] = weight.size(0);
  const Tensor y = empty(shape, x.dtype(), x.device());
  if (y.numel() == 0) return y;
  const Tensor in = as_contiguous(x), w = as_contiguous(weight), s = as_contiguous(scales);
  const Tensor b = bias.defined() ? as_contiguous(bias) : bias;
  quantized_linear_on(x.device())
      .forward(matrix_view(in, in.dim() - 1), w.view(), s.view(), optional_view(b), matrix_view(y, y.dim() - 1));
  return y;
}

}  // namespace tilestack

#include "ops/linear/linear.h"

#include "core/op.h"
#include "ops/add/add.h"

namespace tilestack {
namespace {

// x with all but its last dimension as rows, without a copy where the strides allow it.
Tensor as_rows(const Tensor& x) {
  const Dims shape = {x.view().rows(), x.size(-1)};
  if (x.dim() == 2) return x.detach();
  return view_of(as_contiguous(x), shape, {shape[1], 1});
}

void check_linear(const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& residual) {
  check_float("linear", x);
  check(weight.dim() == 2, "linear: weight must have shape (out, in), got {}", weight.shape());
  check(x.dim() > 0 && x.size(-1) == weight.size(1), "linear: weight {} needs x of shape (..., {}), got {}",
        weight.shape(), weight.size(1), x.shape());
  check(!bias.defined() || bias.shape() == Dims{weight.size(0)}, "linear: bias must have shape ({},), got {}",
        weight.size(0), bias.defined() ? bias.shape() : Dims{});
  if (residual.defined()) {
    Dims shape = x.shape();
    shape[-1] = weight.size(0);
    check(residual.shape() == shape, "linear: residual must have shape {}, got {}", shape, residual.shape());
  }
  check_same_dtype("linear", {x, weight, bias, residual});
  check_same_device("linear", {x, weight, bias, residual});
}

}  // namespace

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias, Activation activation,
              const Tensor& residual) {
  check_linear(x, weight, bias, residual);
  // The slope of these follows from activation(x w^T + b), which the sum would hide.
  if (residual.defined() && activation != Activation::none && !slope_needs_input(activation))
    return add(linear(x, weight, bias, activation, Tensor()), residual);
  const Tensor in = as_rows(x), b = bias.defined() ? as_contiguous(bias) : bias;
  const Tensor r = residual.defined() ? as_contiguous(residual) : residual;
  Dims shape = x.shape();
  shape[-1] = weight.size(0);
  const Dims flat = {in.size(0), weight.size(0)};
  const Tensor y = empty(shape, x.dtype(), x.device());
  const Tensor rows = view_of(y, flat, {flat[1], 1});
  const bool keep = slope_needs_input(activation) && any_requires_grad(std::initializer_list<Tensor>{x, weight, bias});
  const Tensor pre = keep ? empty(flat, x.dtype(), x.device()) : Tensor();
  linear_on(x.device()).forward(in, weight, optional_view(b), optional_view(r), rows, optional_view(pre), activation);

  const Saved saved(keep ? pre : activation == Activation::none ? Tensor() : rows);
  const Saved kept_in(weight.requires_grad() ? in : Tensor()), kept_weight(x.requires_grad() ? weight : Tensor());
  return record("linear", y, {x, weight, bias, residual},
                [x, weight, bias, flat, saved, kept_in, kept_weight, activation](const Tensor& dy) {
                  const Tensor gradient = view_of(as_contiguous(dy), flat, {flat[1], 1});
                  const auto wanted = [](const Tensor& t) {
                    return t.requires_grad() ? empty(t.shape(), t.dtype(), t.device()) : Tensor();
                  };
                  const Tensor dx = kept_weight->defined() ? wanted(x) : Tensor(), db = wanted(bias);
                  // In the order of a transposed weight: its leaf's gradient is then contiguous.
                  const Tensor dw = kept_in->defined() && weight.requires_grad() ? empty_like(weight) : Tensor();
                  const Tensor dx_rows = dx.defined() ? view_of(dx, {flat[0], x.size(-1)}, {x.size(-1), 1}) : dx;
                  linear_on(dy.device())
                      .backward(optional_view(*kept_in), optional_view(*kept_weight), optional_view(*saved), gradient,
                                optional_view(dx_rows), optional_view(dw), optional_view(db), activation);
                  return Gradients{dx, dw, db, dy};
                });
}

}  // namespace tilestack

#include "ops/dropout/dropout.h"

#include "core/generator.h"
#include "core/op.h"
#include "ops/add/add.h"
#include "ops/copy/copy.h"

namespace tilestack {
namespace {

// x in memory of these strides, which are those of a dense tensor.
Tensor in_order(const Tensor& x, const Dims& strides) {
  if (x.strides() == strides) return x;
  const Tensor y = empty_strided(x.shape(), strides, x.dtype(), x.device());
  copy_into(y, x);
  return y;
}

// Room for a bit of each element.
Tensor new_bits(const Tensor& x) { return empty({(x.numel() + 63) / 64}, DType::int64, x.device()); }
std::uint64_t* bits_of(const Tensor& kept) {
  return kept.defined() ? static_cast<std::uint64_t*>(kept.view().pointer) : nullptr;
}

Tensor drop(const Tensor& x, const Tensor& residual, const Tensor& kept, const Dims& strides, Philox stream, double p) {
  const Tensor in = in_order(x, strides), y = empty_strided(x.shape(), strides, x.dtype(), x.device());
  const Tensor added = residual.defined() ? in_order(residual, strides) : residual;
  dropout_on(x.device())
      .forward(in.view().pointer, added.defined() ? added.view().pointer : nullptr, y.view().pointer, bits_of(kept),
               x.dtype(), x.numel(), stream, p);
  return y;
}

Tensor drop_back(const Tensor& dy, const Tensor& kept, const Dims& strides, Philox stream, double p) {
  const Tensor in = in_order(dy, strides), dx = empty_strided(dy.shape(), strides, dy.dtype(), dy.device());
  dropout_on(dy.device())
      .backward(in.view().pointer, dx.view().pointer, bits_of(kept), dy.dtype(), dy.numel(), stream, p);
  return dx;
}

bool fits(const Tensor& residual, const Tensor& x) {
  return residual.shape() == x.shape() && residual.dtype() == x.dtype() && residual.device() == x.device();
}

}  // namespace

Tensor dropout(const Tensor& x, double p, bool training, const Tensor& residual) {
  check(p >= 0 && p <= 1, "dropout: p must be in [0, 1], got {}", p);
  check_float("dropout", x);
  if (!training || p == 0) return residual.defined() ? add(x, residual) : x;
  if (residual.defined() && !fits(residual, x)) return add(dropout(x, p, training, {}), residual);
  const Dims strides = x.view().is_channels_last() ? x.strides() : contiguous_strides(x.shape());
  const Philox stream = default_generator().take((x.numel() + 1) / 2);
  const bool wanted = x.requires_grad() && grad_enabled();
  const Tensor kept = wanted && x.device().kind == Device::cpu ? new_bits(x) : Tensor();
  return record("dropout", drop(x, residual, kept, strides, stream, p), {x, residual},
                [wanted, kept, strides, stream, p](const Tensor& dy) -> Gradients {
                  return {wanted ? drop_back(dy, kept, strides, stream, p) : Tensor(), dy};
                });
}

}  // namespace tilestack

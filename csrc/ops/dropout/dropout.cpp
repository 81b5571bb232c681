#include "ops/dropout/dropout.h"

#include "core/generator.h"
#include "core/op.h"
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

Tensor drop(const Tensor& x, const Dims& strides, Philox stream, double p) {
  const Tensor in = in_order(x, strides), y = empty_strided(x.shape(), strides, x.dtype(), x.device());
  dropout_on(x.device()).forward(in.view().pointer, y.view().pointer, x.dtype(), x.numel(), stream, p);
  return y;
}

}  // namespace

Tensor dropout(const Tensor& x, double p, bool training) {
  check(p >= 0 && p <= 1, "dropout: p must be in [0, 1], got {}", p);
  check_float("dropout", x);
  if (!training || p == 0) return x;
  const Dims strides = x.view().is_channels_last() ? x.strides() : contiguous_strides(x.shape());
  const Philox stream = default_generator().take((x.numel() + 1) / 2);
  return record("dropout", drop(x, strides, stream, p), {x},
                [strides, stream, p](const Tensor& dy) -> Gradients { return {drop(dy, strides, stream, p)}; });
}

}  // namespace tilestack

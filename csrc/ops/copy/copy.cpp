#include "ops/copy/copy.h"

#include "core/device.h"
#include "core/elementwise_op.h"

namespace tilestack {

void copy_into(const Tensor& to, const Tensor& from) {
  Tensor source = from.device() == to.device() ? from : to_device(from.detach(), to.device());
  check(broadcast_shapes("copy", to.shape(), source.shape()) == to.shape(),
        "copy: values of shape {} do not fit a tensor of shape {}", source.shape(), to.shape());
  if (overlaps(to, source)) {
    const Tensor apart = empty(source.shape(), source.dtype(), source.device());
    copy_into(apart, source);
    source = apart;
  }
  copy_on(to.device()).forward(expanded(source, to.shape()), to);
}

Tensor as_dtype(const Tensor& x, DType dtype) {
  if (x.dtype() == dtype) return x;
  const Tensor y = empty_like(x, dtype);
  copy_on(x.device()).forward(x, y);
  return y;
}

Tensor as_contiguous(const Tensor& x) {
  if (x.is_contiguous()) return x;
  const Tensor y = empty(x.shape(), x.dtype(), x.device());
  copy_on(x.device()).forward(x, y);
  return y;
}

Tensor as_channels_last(const Tensor& x) {
  if (x.view().is_channels_last()) return x;
  const Tensor y = empty_channels_last(x.shape(), x.dtype(), x.device());
  copy_on(x.device()).forward(x, y);
  return y;
}

Tensor contiguous(const Tensor& x) {
  Tensor y = as_contiguous(x);
  if (y == x) return y;
  return record("contiguous", y, {x}, [](const Tensor& dy) -> Gradients { return {dy}; });
}

Tensor to_dtype(const Tensor& x, DType dtype) {
  Tensor y = as_dtype(x, dtype);
  if (y == x || !is_float(dtype)) return y;
  return record("to", y, {x}, [before = x.dtype()](const Tensor& dy) -> Gradients { return {as_dtype(dy, before)}; });
}

Tensor copy_(const Tensor& to, const Tensor& from) {
  check_writable("copy_", to);
  check<RuntimeError>(!wants_gradient(from, from),
                      "copy_: the source requires a gradient, which writing in place would "
                      "lose; use no_grad() or detach()");
  copy_into(to, from);
  to.bump_version();
  return to;
}

}  // namespace tilestack

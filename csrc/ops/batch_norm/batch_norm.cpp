#include "ops/batch_norm/batch_norm.h"

#include "core/op.h"

namespace tilestack {
namespace {

// How x and what is made of it lie in memory: (batch, channels, ...) as in its shape, in planes, or (batch, ...,
// channels), which makes a matrix of any number of dimensions.
struct Layout {
  Dims shape, strides;
  std::int64_t positions = 1;  // of an image
  bool planes;

  explicit Layout(const Tensor& x) : shape(x.shape()) {
    for (int i = 2; i < shape.size(); ++i) positions *= shape[i];
    // Not one channel, which is a matrix as it is, nor planes that are shorter than a vector.
    planes = x.device() == Device{} && x.dtype() == DType::float32 && x.is_contiguous() && shape[1] > 1 &&
             positions >= 16 && x.numel() > 0;
    strides = planes ? x.strides() : channels_inside();
  }

  Tensor empty_like(const Tensor& x) const { return empty_strided(shape, strides, x.dtype(), x.device()); }

  // x in this order. Only its memory counts: dimensions after the channels may be merged.
  Tensor arranged(const Tensor& x) const {
    if (planes || x.dim() == 2) return as_contiguous(x);
    if (x.dim() == 4) return as_channels_last(x);
    const Tensor in = x.dim() == 3 ? x : as_contiguous(x);
    const std::int64_t step = in.strides()[-1];
    return as_channels_last(
        view_of(in, {shape[0], shape[1], 1, positions}, {in.strides()[0], in.strides()[1], positions * step, step}));
  }

  // What kernels see of a tensor that lies in this order.
  View view(const Tensor& x) const {
    View v = x.view();
    v.ndim = planes ? 3 : 2;
    v.shape[0] = planes ? shape[0] : rows();
    v.shape[1] = v.strides[0] = shape[1];
    v.strides[1] = 1;
    if (!planes) return v;
    v.shape[2] = v.strides[1] = positions;
    v.strides[0] *= positions;
    v.strides[2] = 1;
    return v;
  }
  std::int64_t rows() const { return shape[0] * positions; }

 private:
  Dims channels_inside() const {
    Dims inside = shape;
    std::int64_t next = shape[1];
    inside[1] = 1;
    for (int i = shape.size() - 1; i >= 2; --i) {
      inside[i] = next;
      next *= shape[i];
    }
    inside[0] = next;
    return inside;
  }
};

void check_channels(const char* what, const Tensor& p, const Tensor& x) {
  check(!p.defined() || p.shape() == Dims{x.size(1)},
        "batch_norm: {} must have shape ({},), one for each channel of {}, got {}", what, x.size(1), x.shape(),
        p.defined() ? p.shape() : Dims{});
}

void check_arguments(const Tensor& x, const Tensor& running_mean, const Tensor& running_var, const Tensor& weight,
                     const Tensor& bias, bool training) {
  check_float("batch_norm", x);
  check(x.dim() >= 2, "batch_norm: the input must have shape (batch, channels, ...), got {}", x.shape());
  check_channels("running_mean", running_mean, x);
  check_channels("running_var", running_var, x);
  check_channels("weight", weight, x);
  check_channels("bias", bias, x);
  check_same_dtype("batch_norm", {x, weight, bias});
  check_same_device("batch_norm", {x, weight, bias, running_mean, running_var});
  if (running_mean.defined()) check_float("batch_norm", running_mean);
  if (running_var.defined()) check_float("batch_norm", running_var);
  check(training || (running_mean.defined() && running_var.defined()),
        "batch_norm: running_mean and running_var are needed when training is False");
  check(!training || Layout(x).rows() != 1,
        "batch_norm: Expected more than 1 value per channel when training, got input size {}", x.shape());
}

}  // namespace

Tensor batch_norm(const Tensor& x, const Tensor& running_mean, const Tensor& running_var, const Tensor& weight,
                  const Tensor& bias, bool training, double momentum, double eps) {
  check_arguments(x, running_mean, running_var, weight, bias, training);
  const BatchNormKernels& kernels = batch_norm_on(x.device());
  const Layout layout(x);
  const Tensor in = layout.arranged(x), w = weight.defined() ? as_contiguous(weight) : weight;
  const Tensor b = bias.defined() ? as_contiguous(bias) : bias;
  const DType dtype = compute_dtype(x.dtype());
  const Tensor mean = training ? empty({x.size(1)}, dtype, x.device()) : as_contiguous(as_dtype(running_mean, dtype));
  const Tensor variance = training ? empty_like(mean) : as_contiguous(as_dtype(running_var, dtype));
  const Tensor y = layout.empty_like(x);
  kernels.forward(layout.view(in), mean, variance, optional_view(w), optional_view(b), layout.view(y), eps, training);
  if (training && layout.rows() > 1) {
    const double n = double(layout.rows());
    kernels.update_running(mean, variance, optional_view(running_mean), optional_view(running_var), momentum,
                           n / (n - 1));
    if (running_mean.defined()) running_mean.bump_version();
    if (running_var.defined()) running_var.bump_version();
  }

  return record("batch_norm", y, {x, weight, bias},
                [x, weight, bias, layout, in = Saved(in), w = Saved(w), mean = Saved(mean), variance = Saved(variance),
                 eps, training](const Tensor& dy) -> Gradients {
                  const Tensor dx = x.requires_grad() ? layout.empty_like(x) : Tensor();
                  const Tensor dw = weight.requires_grad() ? empty_like(*w) : Tensor();
                  const Tensor db = bias.requires_grad() ? empty(bias.shape(), bias.dtype(), bias.device()) : Tensor();
                  batch_norm_on(x.device())
                      .backward(layout.view(*in), *mean, *variance, optional_view(*w), layout.view(layout.arranged(dy)),
                                dx.defined() ? layout.view(dx) : View{}, optional_view(dw), optional_view(db), eps,
                                training);
                  return {dx, dw, db};
                });
}

}  // namespace tilestack

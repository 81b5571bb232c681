#include "ops/batch_norm/batch_norm.h"

#include "core/op.h"

namespace tilestack {
namespace {

// Memory in the order (batch, ..., channels), which makes a matrix of any number of dimensions.
Dims channels_inside(const Dims& shape) {
  Dims strides = shape;
  std::int64_t next = shape[1];
  strides[1] = 1;
  for (int i = shape.size() - 1; i >= 2; --i) {
    strides[i] = next;
    next *= shape[i];
  }
  strides[0] = next;
  return strides;
}

// x in that order. Only its memory counts: dimensions after the channels may be merged.
Tensor with_channels_inside(const Tensor& x) {
  if (x.dim() == 2) return as_contiguous(x);
  if (x.dim() == 4) return as_channels_last(x);
  const Tensor in = x.dim() == 3 ? x : as_contiguous(x);
  const std::int64_t batch = x.size(0), channels = x.size(1), step = in.strides()[-1];
  std::int64_t positions = 1;
  for (int i = 2; i < x.dim(); ++i) positions *= x.size(i);
  return as_channels_last(
      view_of(in, {batch, channels, 1, positions}, {in.strides()[0], in.strides()[1], positions * step, step}));
}

View channel_matrix(const Tensor& x) {
  View matrix = x.view();
  matrix.ndim = 2;
  const std::int64_t channels = x.size(1);
  matrix.shape[0] = x.size(0);
  for (int i = 2; i < x.dim(); ++i) matrix.shape[0] *= x.size(i);
  matrix.shape[1] = channels;
  matrix.strides[0] = channels;
  matrix.strides[1] = 1;
  return matrix;
}

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
  check(!training || channel_matrix(x).shape[0] != 1,
        "batch_norm: Expected more than 1 value per channel when training, got input size {}", x.shape());
}

}  // namespace

Tensor batch_norm(const Tensor& x, const Tensor& running_mean, const Tensor& running_var, const Tensor& weight,
                  const Tensor& bias, bool training, double momentum, double eps) {
  check_arguments(x, running_mean, running_var, weight, bias, training);
  const BatchNormKernels& kernels = batch_norm_on(x.device());
  const Tensor in = with_channels_inside(x), w = weight.defined() ? as_contiguous(weight) : weight;
  const Tensor b = bias.defined() ? as_contiguous(bias) : bias;
  const View rows = channel_matrix(in);
  const DType dtype = compute_dtype(x.dtype());
  Tensor mean, variance;
  if (training) {
    mean = empty({x.size(1)}, dtype, x.device());
    variance = empty_like(mean);
    kernels.statistics(rows, mean, variance);
    if (rows.shape[0] > 1) {
      const double n = double(rows.shape[0]);
      kernels.update_running(mean, variance, optional_view(running_mean), optional_view(running_var), momentum,
                             n / (n - 1));
      if (running_mean.defined()) running_mean.bump_version();
      if (running_var.defined()) running_var.bump_version();
    }
  } else {
    mean = as_contiguous(as_dtype(running_mean, dtype));
    variance = as_contiguous(as_dtype(running_var, dtype));
  }
  const Tensor y = empty_strided(x.shape(), channels_inside(x.shape()), x.dtype(), x.device());
  kernels.normalize(rows, mean, variance, optional_view(w), optional_view(b), channel_matrix(y), eps);

  return record("batch_norm", y, {x, weight, bias},
                [x, weight, bias, in = Saved(in), w = Saved(w), mean = Saved(mean), variance = Saved(variance), eps,
                 training](const Tensor& dy) -> Gradients {
                  const Tensor dx = x.requires_grad()
                                        ? empty_strided(x.shape(), channels_inside(x.shape()), x.dtype(), x.device())
                                        : Tensor();
                  const Tensor dw = weight.requires_grad() ? empty_like(*w) : Tensor();
                  const Tensor db = bias.requires_grad() ? empty(bias.shape(), bias.dtype(), bias.device()) : Tensor();
                  batch_norm_on(x.device())
                      .backward(channel_matrix(*in), *mean, *variance, optional_view(*w),
                                channel_matrix(with_channels_inside(dy)), dx.defined() ? channel_matrix(dx) : View{},
                                optional_view(dw), optional_view(db), eps, training);
                  return {dx, dw, db};
                });
}

}  // namespace tilestack

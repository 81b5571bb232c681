#include "bind/autocast.h"
#include "bind/bind.h"
#include "ops/batch_norm/batch_norm.h"
#include "ops/group_norm/group_norm.h"
#include "ops/layer_norm/layer_norm.h"
#include "ops/local_response_norm/local_response_norm.h"
#include "ops/rms_norm/rms_norm.h"

namespace tilestack {
namespace {

// Under autocast all but the running statistics, which are written in place, become float32.
Tensor batch_norm_cast(const Tensor& x, const Tensor& running_mean, const Tensor& running_var, const Tensor& weight,
                       const Tensor& bias, bool training, double momentum, double eps) {
  if (!autocast_on()) return batch_norm(x, running_mean, running_var, weight, bias, training, momentum, eps);
  return batch_norm(cast_up(x), running_mean, running_var, cast_up(weight), cast_up(bias), training, momentum, eps);
}

}  // namespace

void bind_norms(Bindings& b) {
  const py::arg input = py::arg("input").none(false);
  const py::arg_v weight = py::arg("weight") = py::none(), bias = py::arg("bias") = py::none();
  b.function(
      "rms_norm", float32_only(&rms_norm),
      "input * weight / sqrt(mean(input^2) + eps), the mean over the last dimensions (Zhang and Sennrich, 2019).\n\n"
      "input: (*, *normalized_shape) float. weight: normalized_shape, input's dtype; None: 1. eps None: the\n"
      "dtype's machine epsilon. Sums are float32 at least. ValueError for shapes that don't fit.",
      input, py::arg("normalized_shape"), weight, py::arg("eps") = py::none());
  b.function("layer_norm", float32_only(&layer_norm),
             "(input - mean) / sqrt(variance + eps) * weight + bias, with mean and biased variance over the last\n"
             "dimensions (Ba, Kiros and Hinton, 2016).\n\n"
             "input: (*, *normalized_shape) float. weight, bias: normalized_shape, input's dtype; None: 1 and 0.\n"
             "Statistics are float32 at least. ValueError for shapes that don't fit.",
             input, py::arg("normalized_shape"), weight, bias, py::arg("eps") = 1e-5);
  b.function("batch_norm", &batch_norm_cast,
             "(input - mean) / sqrt(variance + eps) * weight + bias for each channel (Ioffe and Szegedy, 2015).\n\n"
             "input: (batch, channels, ...) float. weight, bias: (channels,), input's dtype; None: 1 and 0.\n"
             "training: mean and biased variance are the batch's, and running_mean and running_var, if given, move\n"
             "towards it in place: running += momentum * (batch's - running), with the unbiased variance. Otherwise\n"
             "they are running_mean and running_var. ValueError if training sees one value a channel.",
             input, py::arg("running_mean"), py::arg("running_var"), weight, bias, py::arg("training") = false,
             py::arg("momentum") = 0.1, py::arg("eps") = 1e-5);
  b.function("group_norm", float32_only(&group_norm),
             "(input - mean) / sqrt(variance + eps) over groups of neighbouring channels of each sample, then * weight "
             "+ bias (Wu\n"
             "and He, 2018).\n\n"
             "input: (batch, channels, ...) float, channels a multiple of num_groups. weight, bias: (channels,), "
             "input's dtype;\n"
             "None: 1 and 0. Statistics are float32 at least. ValueError for shapes that don't fit and for groups of "
             "one value.",
             input, py::arg("num_groups"), weight, bias, py::arg("eps") = 1e-5);
  b.function("local_response_norm", float32_only(&local_response_norm),
             "input / (k + alpha * mean of input^2 over `size` neighbouring channels, 0 beyond the ends)^beta\n"
             "(Krizhevsky et al., 2012).\n\n"
             "input: (batch, channels, ...) float, at least 3 dimensions; the result's channels lie side by side in\n"
             "memory.",
             input, py::arg("size"), py::arg("alpha") = 1e-4, py::arg("beta") = 0.75, py::arg("k") = 1.0);
}

}  // namespace tilestack

#include "bind/autocast.h"
#include "bind/in_place.h"
#include "ops/dropout/dropout.h"
#include "ops/elu/elu.h"
#include "ops/gelu/gelu.h"
#include "ops/glu/glu.h"
#include "ops/hardsigmoid/hardsigmoid.h"
#include "ops/hardswish/hardswish.h"
#include "ops/hardtanh/hardtanh.h"
#include "ops/leaky_relu/leaky_relu.h"
#include "ops/logsigmoid/logsigmoid.h"
#include "ops/mish/mish.h"
#include "ops/prelu/prelu.h"
#include "ops/relu/relu.h"
#include "ops/sigmoid/sigmoid.h"
#include "ops/silu/silu.h"
#include "ops/softplus/softplus.h"
#include "ops/softsign/softsign.h"
#include "ops/swiglu/swiglu.h"
#include "ops/tanh/tanh.h"
#include "ops/threshold/threshold.h"

namespace tilestack {

namespace {

// In torch's signatures; accepted for compatibility and without effect.
const py::arg_v& inplace() {
  static const py::arg_v arg = py::arg("inplace") = false;
  return arg;
}

template <Tensor (*op)(const Tensor&)>
void bind_plain(Bindings& b, const char* name, const char* doc) {
  b.function(name, [](const Tensor& x, bool) { return op(x); }, doc, py::arg("input").none(false), inplace());
}
template <Tensor (*op)(const Tensor&, double), class Arg>
void bind_with_one(Bindings& b, const char* name, const char* doc, const Arg& arg) {
  b.function(
      name, [](const Tensor& x, double p, bool) { return op(x, p); }, doc, py::arg("input").none(false), arg,
      inplace());
}
template <Tensor (*op)(const Tensor&, double, double), class Arg>
void bind_with_two(Bindings& b, const char* name, const char* doc, const Arg& first, const Arg& second) {
  b.function(
      name, [](const Tensor& x, double p, double q, bool) { return op(x, p, q); }, doc, py::arg("input").none(false),
      first, second, inplace());
}

Tensor relu6(const Tensor& x) { return hardtanh(x, 0, 6); }

void bind_smooth(Bindings& b) {
  bind_plain<&silu>(b, "silu",
                    "input * sigmoid(input), elementwise (Elfwing et al., 2017).\n\ninput: any shape, float.");
  bind_plain<&mish>(b, "mish", "input * tanh(softplus(input)), elementwise (Misra, 2019).\n\ninput: any shape, float.");
  bind_with_one<&elu>(b, "elu",
                      "input above 0, alpha * (exp(input) - 1) up to it (Clevert et al., 2015).\n\n"
                      "input: any shape, float.",
                      py::arg("alpha") = 1.0);
  bind_plain<&selu>(b, "selu",
                    "elu with alpha = 1.6733, times 1.0507 (Klambauer et al., 2017).\n\ninput: any shape, float.");
  bind_with_one<&celu>(b, "celu",
                       "input above 0, alpha * (exp(input / alpha) - 1) up to it (Barron, 2017).\n\n"
                       "input: any shape, float. ValueError for alpha = 0.",
                       py::arg("alpha") = 1.0);
  const py::arg input = py::arg("input").none(false);
  b.function("softplus", float32_only(&softplus),
             "log(1 + exp(beta * input)) / beta, or input where beta * input > threshold.\n\ninput: any shape, float.",
             input, py::arg("beta") = 1.0, py::arg("threshold") = 20.0);
  b.function("softsign", &softsign, "input / (1 + abs(input)), elementwise.\n\ninput: any shape, float.", input);
  b.function("logsigmoid", &logsigmoid, "log(sigmoid(input)), elementwise.\n\ninput: any shape, float.", input);
}

void bind_piecewise(Bindings& b) {
  bind_with_one<&leaky_relu>(b, "leaky_relu",
                             "input above 0, input * negative_slope up to it.\n\ninput: any shape, float.",
                             py::arg("negative_slope") = 0.01);
  bind_plain<&hardswish>(
      b, "hardswish", "input * relu6(input + 3) / 6, elementwise (Howard et al., 2019).\n\ninput: any shape, float.");
  bind_plain<&hardsigmoid>(b, "hardsigmoid", "relu6(input + 3) / 6, elementwise.\n\ninput: any shape, float.");
  bind_with_two<&hardtanh>(b, "hardtanh",
                           "input limited to [min_val, max_val]; the gradient is 0 at the limits.\n\n"
                           "input: any shape, float. ValueError for min_val > max_val.",
                           py::arg("min_val") = -1.0, py::arg("max_val") = 1.0);
  bind_plain<&relu6>(b, "relu6", "hardtanh between 0 and 6.\n\ninput: any shape, float.");
  bind_with_two<&threshold>(b, "threshold", "input above threshold, value up to it.\n\ninput: any shape, float.",
                            py::arg("threshold"), py::arg("value"));
  b.both("prelu", products_low(&prelu),
         "input above 0, input * weight up to it (He et al., 2015).\n\n"
         "input: (batch, channels, ...), float. weight: (1) or (channels), of input's dtype.",
         py::arg("input").none(false), py::arg("weight").none(false));
}

void bind_gated(Bindings& b) {
  b.function("glu", &glu,
             "a * sigmoid(b) with a and b the halves of input along dim (Dauphin et al., 2016).\n\n"
             "input: float; ValueError if its size along dim is odd.",
             py::arg("input").none(false), py::arg("dim") = -1);
  b.function("swiglu", &swiglu,
             "silu(gate) * up in one pass (Shazeer, 2020).\n\ngate, up: float, promoted and broadcast.",
             py::arg("gate").none(false), py::arg("up").none(false));
}

}  // namespace

void bind_activations(Bindings& b) {
  bind_smooth(b);
  bind_piecewise(b);
  bind_gated(b);
  bind_unary_in_place<relu_on, Takes::numbers>(b, "relu_");
  bind_unary_in_place<sigmoid_on>(b, "sigmoid_");
  bind_unary_in_place<tanh_on>(b, "tanh_");
  const py::arg input = py::arg("input").none(false);
  b.both("relu", &relu, "max(input, 0), elementwise; NaN stays NaN.\n\ninput: any shape, any number.", input);
  b.both("sigmoid", &sigmoid, "1 / (1 + exp(-input)), elementwise.\n\ninput: any shape; integers become float32.",
         input);
  b.both("tanh", &tanh, "Hyperbolic tangent, elementwise.\n\ninput: any shape; integers become float32.", input);
  b.function("gelu", &gelu,
             "input * P(input), P the normal distribution's; 'tanh': by its tanh approximation (Hendrycks and Gimpel,\n"
             "2016).\n\ninput: any shape, float. approximate: 'none' or 'tanh', ValueError for others.",
             input, py::arg("approximate") = "none");
  b.function(
      "dropout",
      [](const Tensor& x, double p, bool training, bool, const Tensor& residual) {
        return dropout(x, p, training, residual);
      },
      "0 with probability p, else input / (1 - p), if training; else input (Srivastava et al., 2014).\n\n"
      "input: any shape, float. p: in [0, 1], ValueError for others. inplace is accepted for compatibility and\n"
      "has no effect. residual is added to the result, in the same pass if it has input's shape and dtype. The mask\n"
      "follows from manual_seed, on any number of threads.",
      input, py::arg("p") = 0.5, py::arg("training") = true, py::arg("inplace") = false,
      py::arg("residual") = py::none());
}

}  // namespace tilestack

#include "bind/bind.h"
#include "ops/dropout/dropout.h"
#include "ops/gelu/gelu.h"
#include "ops/relu/relu.h"
#include "ops/sigmoid/sigmoid.h"
#include "ops/tanh/tanh.h"

namespace tilestack {

void bind_activations(Bindings& b) {
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
      "dropout", [](const Tensor& x, double p, bool training, bool) { return dropout(x, p, training); },
      "0 with probability p, else input / (1 - p), if training; else input (Srivastava et al., 2014).\n\n"
      "input: any shape, float. p: in [0, 1], ValueError for others. inplace is accepted for compatibility and\n"
      "has no effect. The mask follows from manual_seed, on any number of threads.",
      input, py::arg("p") = 0.5, py::arg("training") = true, py::arg("inplace") = false);
}

}  // namespace tilestack

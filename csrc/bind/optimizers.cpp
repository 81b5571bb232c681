#include "bind/bind.h"
#include "ops/adam/adam.h"
#include "ops/grad_norm/grad_norm.h"
#include "ops/rmsprop/rmsprop.h"
#include "ops/scale/scale.h"
#include "ops/sgd/sgd.h"

namespace tilestack {

using Tensors = const std::vector<Tensor>&;

void bind_optimizers(Bindings& b) {
  const py::arg params = py::arg("params"), grads = py::arg("grads"), lr = py::arg("lr");
  const py::arg_v weight_decay = py::arg("weight_decay") = 0.0, maximize = py::arg("maximize") = false;
  b.function(
      "sgd",
      [](Tensors params, Tensors grads, Tensors momenta, double lr, double momentum, double dampening,
         double weight_decay, bool nesterov, bool maximize, bool first) {
        sgd(params, grads, momenta, {lr, momentum, dampening, weight_decay, nesterov, maximize, first});
      },
      "One step of stochastic gradient descent for a list of parameters, in place. momentum_buffers: one for each\n"
      "parameter, float32 (float64 for float64), or none without momentum; first: they hold nothing yet.",
      params, grads, py::arg("momentum_buffers"), py::kw_only(), lr, py::arg("momentum") = 0.0,
      py::arg("dampening") = 0.0, weight_decay, py::arg("nesterov") = false, maximize, py::arg("first") = false);
  b.function(
      "adam",
      [](Tensors params, Tensors grads, Tensors exp_avgs, Tensors exp_avg_sqs, Tensors max_exp_avg_sqs,
         std::int64_t step, double lr, double beta1, double beta2, double eps, double weight_decay, bool decoupled,
         bool amsgrad, bool maximize) {
        adam(params, grads, exp_avgs, exp_avg_sqs, max_exp_avg_sqs,
             {lr, beta1, beta2, eps, weight_decay, decoupled, amsgrad, maximize, step});
      },
      "One step of Adam, or with decoupled of AdamW, for a list of parameters, in place. exp_avgs, exp_avg_sqs and, "
      "with\n"
      "amsgrad, max_exp_avg_sqs: one for each parameter, float32 (float64 for float64), zero before step 1.",
      params, grads, py::arg("exp_avgs"), py::arg("exp_avg_sqs"), py::arg("max_exp_avg_sqs"), py::kw_only(),
      py::arg("step"), lr, py::arg("beta1") = 0.9, py::arg("beta2") = 0.999, py::arg("eps") = 1e-8, weight_decay,
      py::arg("decoupled") = false, py::arg("amsgrad") = false, maximize);
  b.function(
      "rmsprop",
      [](Tensors params, Tensors grads, Tensors square_avgs, Tensors grad_avgs, Tensors momenta, double lr,
         double alpha, double eps, double weight_decay, double momentum, bool centered, bool maximize) {
        rmsprop(params, grads, square_avgs, grad_avgs, momenta,
                {lr, alpha, eps, weight_decay, momentum, centered, maximize});
      },
      "One step of RMSprop for a list of parameters, in place. square_avgs, with centered grad_avgs and with momentum\n"
      "momentum_buffers: one for each parameter, float32 (float64 for float64), zero before the first step.",
      params, grads, py::arg("square_avgs"), py::arg("grad_avgs"), py::arg("momentum_buffers"), py::kw_only(), lr,
      py::arg("alpha") = 0.99, py::arg("eps") = 1e-8, weight_decay, py::arg("momentum") = 0.0,
      py::arg("centered") = false, maximize);
  b.function(
      "grad_norm", &grad_norm,
      "The norm of all elements of a list of tensors: (sum |x|^p)^(1/p) with p = norm_type, the largest |x| for\n"
      "infinity. float32, or float64 if one of the tensors is.",
      py::arg("tensors"), py::arg("norm_type") = 2.0);
  b.function("scale", &scale, "Multiplies every tensor of a list by a number, or a tensor of one, in place.",
             py::arg("tensors"), py::arg("factor"));
}

}  // namespace tilestack

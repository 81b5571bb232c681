#include "bind/bind.h"
#include "ops/adagrad/adagrad.h"
#include "ops/adam/adam.h"
#include "ops/grad_norm/grad_norm.h"
#include "ops/lamb/lamb.h"
#include "ops/lion/lion.h"
#include "ops/nadam/nadam.h"
#include "ops/radam/radam.h"
#include "ops/rmsprop/rmsprop.h"
#include "ops/scale/scale.h"
#include "ops/sgd/sgd.h"

namespace tilestack {
namespace {

using Tensors = const std::vector<Tensor>&;

// One step of an optimizer, f(params, grads, states..., options..., maximize, grad_scale, master_params).
template <class F, class... Arguments>
void bind_step(Bindings& b, const char* name, F&& f, const std::string& doc, const Arguments&... arguments) {
  const std::string common =
      "\n\nLists have one tensor for each parameter; states are float32 (float64 for float64), zero before the first "
      "step.\n"
      "maximize: climb. grad_scale: what gradients are to be divided by. master_params: float32 tensors that are\n"
      "updated in place of 16-bit parameters, which get their rounding; an element that was written since counts.";
  b.function(name, std::forward<F>(f), (doc + common).c_str(), py::arg("params"), py::arg("grads"), arguments...,
             py::arg("maximize") = false, py::arg("grad_scale") = 1.0, py::arg("master_params") = py::list());
}

void bind_moments(Bindings& b) {
  const py::arg exp_avgs = py::arg("exp_avgs"), exp_avg_sqs = py::arg("exp_avg_sqs"), step = py::arg("step"),
                lr = py::arg("lr");
  const py::arg_v beta1 = py::arg("beta1") = 0.9, beta2 = py::arg("beta2") = 0.999, eps = py::arg("eps") = 1e-8,
                  weight_decay = py::arg("weight_decay") = 0.0, decoupled = py::arg("decoupled") = false;
  bind_step(
      b, "adam",
      [](Tensors params, Tensors grads, Tensors exp_avgs, Tensors exp_avg_sqs, Tensors max_exp_avg_sqs,
         std::int64_t step, double lr, double beta1, double beta2, double eps, double weight_decay, bool decoupled,
         bool amsgrad, bool maximize, double grad_scale, Tensors masters) {
        adam({params, grads, masters}, exp_avgs, exp_avg_sqs, max_exp_avg_sqs,
             {lr, beta1, beta2, eps, weight_decay, decoupled, amsgrad, step, {maximize, grad_scale}});
      },
      "One step of Adam, or with decoupled of AdamW, in place. max_exp_avg_sqs: empty without amsgrad.", exp_avgs,
      exp_avg_sqs, py::arg("max_exp_avg_sqs"), py::kw_only(), step, lr, beta1, beta2, eps, weight_decay, decoupled,
      py::arg("amsgrad") = false);
  bind_step(
      b, "nadam",
      [](Tensors params, Tensors grads, Tensors exp_avgs, Tensors exp_avg_sqs, std::int64_t step, double lr, double mu,
         double mu_next, double mu_product, double beta1, double beta2, double eps, double weight_decay, bool decoupled,
         bool maximize, double grad_scale, Tensors masters) {
        nadam({params, grads, masters}, exp_avgs, exp_avg_sqs,
              {lr, beta1, beta2, eps, weight_decay, mu, mu_next, mu_product, decoupled, step, {maximize, grad_scale}});
      },
      "One step of NAdam, in place. mu, mu_next: the momenta of this step and the next; mu_product: of all up to this.",
      exp_avgs, exp_avg_sqs, py::kw_only(), step, lr, py::arg("mu"), py::arg("mu_next"), py::arg("mu_product"), beta1,
      beta2, eps, weight_decay, decoupled);
  bind_step(
      b, "radam",
      [](Tensors params, Tensors grads, Tensors exp_avgs, Tensors exp_avg_sqs, std::int64_t step, double lr,
         double beta1, double beta2, double eps, double weight_decay, bool decoupled, bool maximize, double grad_scale,
         Tensors masters) {
        radam({params, grads, masters}, exp_avgs, exp_avg_sqs,
              {lr, beta1, beta2, eps, weight_decay, decoupled, step, {maximize, grad_scale}});
      },
      "One step of RAdam, in place.", exp_avgs, exp_avg_sqs, py::kw_only(), step, lr, beta1, beta2, eps, weight_decay,
      decoupled);
  bind_step(
      b, "lamb",
      [](Tensors params, Tensors grads, Tensors exp_avgs, Tensors exp_avg_sqs, std::int64_t step, double lr,
         double beta1, double beta2, double eps, double weight_decay, bool maximize, double grad_scale,
         Tensors masters) {
        lamb({params, grads, masters}, exp_avgs, exp_avg_sqs,
             {lr, beta1, beta2, eps, weight_decay, step, {maximize, grad_scale}});
      },
      "One step of LAMB, in place.", exp_avgs, exp_avg_sqs, py::kw_only(), step, lr, beta1, beta2,
      py::arg("eps") = 1e-6, weight_decay);
}

}  // namespace

void bind_optimizers(Bindings& b) {
  const py::arg lr = py::arg("lr");
  const py::arg_v weight_decay = py::arg("weight_decay") = 0.0;
  bind_moments(b);
  bind_step(
      b, "sgd",
      [](Tensors params, Tensors grads, Tensors momenta, double lr, double momentum, double dampening,
         double weight_decay, bool nesterov, bool first, bool maximize, double grad_scale, Tensors masters) {
        sgd({params, grads, masters}, momenta,
            {lr, momentum, dampening, weight_decay, nesterov, first, GradientFactor{maximize, grad_scale}});
      },
      "One step of stochastic gradient descent, in place. momentum_buffers: empty without momentum; first: they hold\n"
      "nothing yet.",
      py::arg("momentum_buffers"), py::kw_only(), lr, py::arg("momentum") = 0.0, py::arg("dampening") = 0.0,
      weight_decay, py::arg("nesterov") = false, py::arg("first") = false);
  bind_step(
      b, "rmsprop",
      [](Tensors params, Tensors grads, Tensors square_avgs, Tensors grad_avgs, Tensors momenta, double lr,
         double alpha, double eps, double weight_decay, double momentum, bool centered, bool maximize,
         double grad_scale, Tensors masters) {
        rmsprop({params, grads, masters}, square_avgs, grad_avgs, momenta,
                {lr, alpha, eps, weight_decay, momentum, centered, GradientFactor{maximize, grad_scale}});
      },
      "One step of RMSprop, in place. grad_avgs: empty unless centered; momentum_buffers: empty without momentum.",
      py::arg("square_avgs"), py::arg("grad_avgs"), py::arg("momentum_buffers"), py::kw_only(), lr,
      py::arg("alpha") = 0.99, py::arg("eps") = 1e-8, weight_decay, py::arg("momentum") = 0.0,
      py::arg("centered") = false);
  bind_step(
      b, "adagrad",
      [](Tensors params, Tensors grads, Tensors state_sums, std::int64_t step, double lr, double lr_decay, double eps,
         double weight_decay, bool maximize, double grad_scale, Tensors masters) {
        adagrad({params, grads, masters}, state_sums,
                {lr, lr_decay, eps, weight_decay, step, GradientFactor{maximize, grad_scale}});
      },
      "One step of Adagrad, in place.", py::arg("state_sums"), py::kw_only(), py::arg("step"), lr,
      py::arg("lr_decay") = 0.0, py::arg("eps") = 1e-10, weight_decay);
  bind_step(
      b, "lion",
      [](Tensors params, Tensors grads, Tensors exp_avgs, double lr, double beta1, double beta2, double weight_decay,
         bool maximize, double grad_scale, Tensors masters) {
        lion({params, grads, masters}, exp_avgs,
             {lr, beta1, beta2, weight_decay, GradientFactor{maximize, grad_scale}});
      },
      "One step of Lion, in place.", py::arg("exp_avgs"), py::kw_only(), lr, py::arg("beta1") = 0.9,
      py::arg("beta2") = 0.99, weight_decay);
  b.function(
      "grad_norm", &grad_norm,
      "The norm of all elements of a list of tensors: (sum |x|^p)^(1/p) with p = norm_type, the largest |x| for\n"
      "infinity. float32, or float64 if one of the tensors is.",
      py::arg("tensors"), py::arg("norm_type") = 2.0);
  b.function("scale", &scale, "Multiplies every tensor of a list by a number, or a tensor of one, in place.",
             py::arg("tensors"), py::arg("factor"));
}

}  // namespace tilestack

#include "bind/bind.h"
#include "bind/collector.h"
#include "core/autocast.h"

namespace tilestack {
namespace {

Tensor as_gradient(const std::string& op, py::handle returned) {
  check<TypeError>(returned.is_none() || is_tensor(returned.ptr()), "{}: wanted a tensor or None as gradient, got {}",
                   op, Py_TYPE(returned.ptr())->tp_name);
  return returned.cast<Tensor>();
}

// One gradient for each input, in the inputs' shapes and dtypes.
Gradients checked_gradients(const PythonBackward& op, const py::object& returned) {
  const auto& [function, name, shapes, dtypes] = op;
  Gradients gradients;
  if (py::isinstance<py::tuple>(returned) || py::isinstance<py::list>(returned)) {
    for (py::handle item : returned) gradients.push_back(as_gradient(name + ".backward", item));
  } else {
    gradients.push_back(as_gradient(name + ".backward", returned));
  }
  check<RuntimeError>(gradients.size() == shapes.size(), "{}.backward: wanted {} gradients (one an input), got {}",
                      name, shapes.size(), gradients.size());
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    if (!gradients[i].defined()) continue;
    check<RuntimeError>(gradients[i].shape() == shapes[i], "{}.backward: gradient {} must have shape {}, got {}", name,
                        i, shapes[i], gradients[i].shape());
    gradients[i] = as_dtype(gradients[i], dtypes[i]);
  }
  return gradients;
}

// Puts an op written in Python on the tape: outputs computed under no_grad, and the function for backward.
py::list record_python(std::string name, std::vector<Tensor> outputs, const std::vector<Tensor>& inputs,
                       const py::function& backward_function) {
  for (Tensor& y : outputs) {
    check<TypeError>(y.defined(), "{}.forward: wanted a tensor or a tuple of tensors, got None", name);
    for (const Tensor& x : inputs)
      if (y == x) y = y.detach();  // an input handed through is a new tensor on the tape
  }
  PythonBackward op{PyHolder(backward_function), std::move(name), {}, {}};
  for (const Tensor& x : inputs) {
    op.shapes.push_back(x.shape());
    op.dtypes.push_back(x.dtype());
  }
  py::list results;
  for (const Tensor& y : record_many("Function", std::move(outputs), inputs, std::move(op))) {
    const py::object result = py::cast(y);
    make_collectable(result);
    results.append(result);
  }
  return results;
}

// None, one tensor or a sequence of them.
std::optional<std::vector<Tensor>> inputs_of_backward(const py::object& inputs) {
  if (inputs.is_none()) return std::nullopt;
  if (is_tensor(inputs.ptr())) return std::vector{inputs.cast<Tensor>()};
  check<TypeError>(py::isinstance<py::sequence>(inputs), "backward: inputs must be tensors, got {}",
                   Py_TYPE(inputs.ptr())->tp_name);
  std::vector<Tensor> tensors;
  for (py::handle item : inputs) {
    check<TypeError>(is_tensor(item.ptr()), "backward: inputs must be tensors, got {}", Py_TYPE(item.ptr())->tp_name);
    tensors.push_back(item.cast<Tensor>());
  }
  check(!tensors.empty(), "backward: inputs must not be empty");
  return tensors;
}

void set_requires_grad(const Tensor& x, bool on) {
  check<RuntimeError>(!on || is_float(x.dtype()), "requires_grad: only float tensors can have gradients, got {}",
                      x.dtype());
  x.view();  // TypeError for None
  check<RuntimeError>(on || !x.impl()->node, "requires_grad: can't be switched off on a result; use detach()");
  x.impl()->asks_grad = on;
}

void set_grad_checked(const Tensor& x, const Tensor& grad) {
  if (grad.defined()) {
    check(grad.shape() == x.shape(), "grad: wanted shape {}, got {}", x.shape(), grad.shape());
    check<TypeError>(grad.dtype() == x.dtype(), "grad: wanted dtype {}, got {}", x.dtype(), grad.dtype());
  }
  x.set_grad(grad);
}

}  // namespace

Tensor PythonHook::operator()(const Tensor& gradient) const {
  py::gil_scoped_acquire gil;
  return as_gradient("register_hook", function.get()(gradient));
}

Gradients PythonBackward::operator()(const Gradients& dys) const {
  py::gil_scoped_acquire gil;
  py::tuple arguments(dys.size());
  for (std::size_t i = 0; i < dys.size(); ++i) arguments[i] = py::cast(dys[i]);
  return checked_gradients(*this, function.get()(*arguments));
}

void bind_autograd(Bindings& b) {
  b.tensor
      .def_property(
          "requires_grad", [](const Tensor& x) { return x.requires_grad(); }, &set_requires_grad,
          "True if gradients reach this tensor.")
      .def_property(
          "grad", [](const Tensor& x) { return x.grad(); }, &set_grad_checked,
          "Gradient that backward() added up here, or None.")
      .def_property_readonly("is_leaf", [](const Tensor& x) { return !x.impl()->node; })
      .def_property_readonly(
          "grad_fn",
          [](const Tensor& x) -> std::optional<std::string> {
            if (!x.impl()->node) return std::nullopt;
            return x.impl()->node->name;
          },
          "Name of the op on the tape that made this tensor, or None.");
  b.tensor.def_property(
      "_retains_grad", [](const Tensor& x) { return x.impl()->retains_grad; },
      [](const Tensor& x, bool retains) { x.impl()->retains_grad = retains; });
  b.method(
      "requires_grad_",
      [](const py::object& self, bool on) {
        set_requires_grad(self.cast<Tensor>(), on);
        return self;
      },
      "Sets requires_grad and returns the tensor.", py::arg("requires_grad") = true);
  b.method(
      "backward",
      [](const Tensor& y, const Tensor& gradient, std::optional<bool> retain_graph, bool create_graph,
         const py::object& inputs) {
        check<RuntimeError>(!create_graph,
                            "backward: create_graph=True is not supported, there are no second derivatives");
        backward({y}, {gradient}, retain_graph.value_or(false), inputs_of_backward(inputs));
      },
      "Adds d self / d leaf to the .grad of every leaf that self depends on, or of those in inputs.\n\n"
      "gradient: what flows in from above, of self's shape; may be left out for a tensor of one element.\n"
      "retain_graph: keeps what the tape saved, so that backward can run again. create_graph: RuntimeError if\n"
      "True, there are no second derivatives.",
      py::arg("gradient") = py::none(), py::arg("retain_graph") = py::none(), py::arg("create_graph") = false,
      py::arg("inputs") = py::none());
  b.function(
      "_backward",
      [](const std::vector<Tensor>& ys, const std::vector<Tensor>& dys, bool retain_graph, const py::object& inputs) {
        backward(ys, dys, retain_graph, inputs_of_backward(inputs));
      },
      "", py::arg("tensors"), py::arg("grad_tensors"), py::arg("retain_graph"), py::arg("inputs"));
  b.function("_gradients_of", &gradients_of, "", py::arg("outputs"), py::arg("inputs"), py::arg("grad_outputs"),
             py::arg("retain_graph"));
  b.method(
      "_register_hook",
      [](const Tensor& x, const py::function& f) {
        const std::int64_t id = add_hook(x, PythonHook{PyHolder(f)});
        make_collectable(py::cast(x));
        return id;
      },
      "Returns an id for _remove_hook.", py::arg("hook"));
  b.method("_remove_hook", &remove_hook, "", py::arg("id"));
  b.function("is_grad_enabled", &grad_enabled, "True if ops are recorded on the tape in this thread.");
  b.function("_set_grad_enabled", &set_grad_enabled, "", py::arg("mode"));
  b.function("_autocast_on", &autocast_on, "");
  b.function("_cast_up", &cast_up, "", py::arg("input"));
  b.function(
      "_autocast",
      []() -> std::pair<std::optional<DType>, std::optional<DType>> {
        const auto of = [](Device::Kind kind) {
          return autocast.enabled[kind] ? std::optional(autocast.dtype[kind]) : std::nullopt;
        };
        return {of(Device::cpu), of(Device::cuda)};
      },
      "");
  b.function(
      "_set_autocast",
      [](std::optional<DType> cpu, std::optional<DType> cuda) {
        const Autocast defaults;
        set_autocast({cpu || cuda,
                      {cpu.has_value(), cuda.has_value()},
                      {cpu.value_or(defaults.dtype[0]), cuda.value_or(defaults.dtype[1])}});
      },
      "", py::arg("cpu"), py::arg("cuda"));
  b.function("_record", &record_python, "", py::arg("name"), py::arg("outputs"), py::arg("inputs"),
             py::arg("backward"));
}

}  // namespace tilestack

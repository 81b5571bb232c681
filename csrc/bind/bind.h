#pragma once
#include "bind/casters.h"

namespace tilestack {

namespace py = pybind11;

struct [[gnu::visibility("hidden")]] Bindings {
  py::module_& module;
  py::class_<TensorImpl, Tensor>& tensor;

  // tilestack.<name>
  template <class F, class... Extra>
  void function(const char* name, F&& f, const char* doc, const Extra&... extra) {
    module.def(name, std::forward<F>(f), doc, extra...);
  }
  // Tensor.<name>; the first argument is the tensor, so arguments are named from the second one on.
  template <class F, class... Extra>
  void method(const char* name, F&& f, const char* doc, const Extra&... extra) {
    tensor.attr(name) = py::cpp_function(std::forward<F>(f), py::name(name), py::is_method(tensor),
                                         py::sibling(py::getattr(tensor, name, py::none())), doc, extra...);
  }
  // Both; `first` names the function's tensor argument, `rest` the others.
  template <class F, class... Rest>
  void both(const char* name, F&& f, const char* doc, const py::arg& first, const Rest&... rest) {
    function(name, f, doc, first, rest...);
    method(name, f, doc, rest...);
  }
};

// The shape that *size stands for, as of zeros(2, 3) and zeros((2, 3)).
Dims shape_of(const char* op, const py::args& args);
// Uninitialised, as x is but for what is given.
Tensor new_like(const Tensor& x, const std::optional<DType>& dtype, const std::optional<Device>& device);
// x, marked as one that asks for a gradient.
Tensor with_grad(const Tensor& x, bool requires_grad);

// The named pair that max, sort and topk return.
py::object values_indices(const std::pair<Tensor, Tensor>& found);

// One file each.
void bind_activations(Bindings& b);
void bind_arithmetic(Bindings& b);
void bind_attention(Bindings& b);
void bind_autograd(Bindings& b);
void bind_comparison(Bindings& b);
void bind_convolutions(Bindings& b);
void bind_creation(Bindings& b);
void bind_cuda(Bindings& b);
void bind_embedding(Bindings& b);
void bind_functions(Bindings& b);
void bind_indexing(Bindings& b);
void bind_interop(Bindings& b);
void bind_joining(Bindings& b);
void bind_losses(Bindings& b);
void bind_matrix(Bindings& b);
void bind_norms(Bindings& b);
void bind_optimizers(Bindings& b);
void bind_pooling(Bindings& b);
void bind_random(Bindings& b);
void bind_recurrent(Bindings& b);
void bind_rearranging(Bindings& b);
void bind_reductions(Bindings& b);
void bind_runtime(Bindings& b);
void bind_sorting(Bindings& b);
void bind_tensor(Bindings& b);
void bind_views(Bindings& b);
void bind_watch(Bindings& b);

}  // namespace tilestack

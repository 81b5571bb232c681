// Looking at every op as it runs. While no one looks, functions are as pybind11 made them: nothing is paid.
#include "core/watch.h"

#include <unordered_map>

#include "bind/bind.h"

namespace tilestack {
namespace {

using py::detail::function_call;
using py::detail::function_record;
using Run = py::handle (*)(function_call& call);

std::unordered_map<function_record*, Run> runs;  // what each function of the module runs, watched or not
py::handle op_watch, gradient_watch;             // owned; not objects, whose ends would come after the interpreter's
thread_local bool looking = false;               // ops that the watch itself calls are not watched

void keep(py::handle& kept, const py::object& watch) {
  const py::object before = py::reinterpret_steal<py::object>(kept);
  kept = watch.is_none() ? py::handle() : py::object(watch).release();
}

py::object look(py::handle watch, const auto&... arguments) {
  struct Looking {
    Looking() { looking = true; }
    ~Looking() { looking = false; }
  } const now;
  return watch(arguments...);
}

std::string name_of_argument(const function_record& function, std::size_t i) {
  if (i < function.args.size() && function.args[i].name) return function.args[i].name;
  return i == 0 && function.is_method ? "self" : "argument " + std::to_string(i);
}

py::dict arguments_of(const function_call& call) {
  py::dict arguments;
  for (std::size_t i = 0; i < call.args.size(); ++i)
    arguments[py::str(name_of_argument(call.func, i))] = py::reinterpret_borrow<py::object>(call.args[i]);
  return arguments;
}

py::handle run_watched(function_call& call) {
  const Run run = runs.at(const_cast<function_record*>(&call.func));
  if (looking || !op_watch) return run(call);
  const py::object after = look(op_watch, call.func.name, arguments_of(call));
  const py::handle result = run(call);
  if (!result || result.ptr() == PYBIND11_TRY_NEXT_OVERLOAD || after.is_none()) return result;
  py::object owned = py::reinterpret_steal<py::object>(result);
  look(after, owned);
  return owned.release();
}

void find_records(py::handle scope) {
  for (const auto& [name, value] : scope.attr("__dict__").attr("copy")().cast<py::dict>()) {
    PyObject* function = PyInstanceMethod_Check(value.ptr()) ? PyInstanceMethod_GET_FUNCTION(value.ptr()) : value.ptr();
    if (!PyCFunction_Check(function) || !PyCFunction_GET_SELF(function)) continue;
    function_record* record = py::detail::function_record_ptr_from_PyObject(PyCFunction_GET_SELF(function));
    for (; record; record = record->next)
      if (!record->is_constructor) runs.try_emplace(record, record->impl);
  }
}

void watch_gradients(const Node& node, const Gradients& dys, const Gradients& dxs) {
  py::gil_scoped_acquire gil;
  if (gradient_watch) look(gradient_watch, node.name, node.order, dys, dxs);
}

}  // namespace

void bind_watch(Bindings& b) {
  b.function(
      "_watch_ops",
      [module = b.module, tensor = py::handle(b.tensor)](const py::object& watch) {
        if (runs.empty()) {
          find_records(module);
          find_records(tensor);
        }
        keep(op_watch, watch);
        for (const auto& [record, run] : runs) record->impl = op_watch ? &run_watched : run;
      },
      "", py::arg("watch"));
  b.function(
      "_watch_gradients",
      [](const py::object& watch) {
        keep(gradient_watch, watch);
        backward_watch = gradient_watch ? &watch_gradients : nullptr;
      },
      "", py::arg("watch"));
  b.function(
      "_tape_order",
      [](const Tensor& x) -> std::optional<std::uint64_t> {
        x.view();  // TypeError for None
        if (!x.impl()->node) return std::nullopt;
        return x.impl()->node->order;
      },
      "", py::arg("input"));
}

}  // namespace tilestack

#include <chrono>
#include <thread>

#include "bind/bind.h"
#include "bind/collector.h"
#include "core/isa.h"
#include "core/pool.h"

namespace tilestack {
namespace {

PyObject* cuda_out_of_memory = nullptr;

void bind_errors(py::module_& m) {
  cuda_out_of_memory = PyErr_NewExceptionWithDoc("tilestack.cuda.OutOfMemoryError",
                                                 "There is not enough memory on the GPU; the message has the sizes.",
                                                 PyExc_MemoryError, nullptr);
  m.attr("CudaOutOfMemoryError") = py::reinterpret_borrow<py::object>(cuda_out_of_memory);
  py::register_exception_translator([](std::exception_ptr thrown) {
    try {
      if (thrown) std::rethrow_exception(thrown);
    } catch (const ValueError& e) {
      PyErr_SetString(PyExc_ValueError, e.what());
    } catch (const TypeError& e) {
      PyErr_SetString(PyExc_TypeError, e.what());
    } catch (const IndexError& e) {
      PyErr_SetString(PyExc_IndexError, e.what());
    } catch (const RuntimeError& e) {
      PyErr_SetString(PyExc_RuntimeError, e.what());
    } catch (const OutOfMemory& e) {
      PyErr_SetString(PyExc_MemoryError, e.what());
    } catch (const CudaOutOfMemory& e) {
      PyErr_SetString(cuda_out_of_memory, e.what());
    }
  });
  m.attr("__version__") = TILESTACK_VERSION;
}

void bind_dtypes(py::module_& m) {
  py::class_<DTypeObject>(m, "dtype", "Type of a tensor's elements: tilestack.float32 and its like.")
      .def("__repr__", [](const DTypeObject& d) { return std::string("tilestack.") + name_of(d.value); })
      .def("__reduce__", [](const DTypeObject& d) { return std::string(name_of(d.value)); })
      .def_property_readonly("name", [](const DTypeObject& d) { return name_of(d.value); })
      .def_property_readonly(
          "itemsize", [](const DTypeObject& d) { return size_of(d.value); }, "Bytes an element.")
      .def_property_readonly("is_floating_point", [](const DTypeObject& d) { return is_float(d.value); });
  for (int i = 0; i < kDTypeCount; ++i) {
    py::object object = py::cast(DTypeObject{DType(i)});
    m.attr(name_of(DType(i))) = object;
    dtype_objects[i] = object.release();
  }
}

void bind_device(py::module_& m) {
  py::class_<Device>(m, "device", "Where a tensor's memory is: device('cpu'), device('cuda:0').")
      .def(py::init(&parse_device), py::arg("name"))
      .def_property_readonly("type", [](const Device& d) { return d.kind == Device::cpu ? "cpu" : "cuda"; })
      .def_property_readonly("index",
                             [](const Device& d) -> std::optional<int> {
                               return d.kind == Device::cpu ? std::nullopt : std::optional<int>(d.index);
                             })
      .def("__repr__", [](const Device& d) { return "device('" + text(d) + "')"; })
      .def("__str__", [](const Device& d) { return text(d); })
      .def("__hash__", [](const Device& d) { return int(d.kind) * 256 + d.index; })
      .def("__eq__", [](const Device& d, const py::object& other) {
        if (py::isinstance<Device>(other)) return d == other.cast<Device>();
        return py::isinstance<py::str>(other) && d == parse_device(other.cast<std::string>());
      });
}

// Python before 3.14 ends a thread that comes back while the interpreter shuts down by unwinding it, through frames
// that must not throw. Such a thread waits here for the process to end instead.
void take_interpreter_lock(void* state) {
  try {
    PyEval_RestoreThread(static_cast<PyThreadState*>(state));
  } catch (...) {
    for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
  }
}

}  // namespace
}  // namespace tilestack

PYBIND11_MODULE(_core, m) {
  using namespace tilestack;
  choose_isa();
  set_interpreter_lock([]() -> void* { return PyGILState_Check() ? PyEval_SaveThread() : nullptr; },
                       &take_interpreter_lock);
  bind_errors(m);
  bind_dtypes(m);
  bind_device(m);
  py::class_<TensorImpl, Tensor> tensor(m, "Tensor", "An n-dimensional array that knows how it was computed.",
                                        py::custom_type_setup(&set_up_collector));
  tensor_type = reinterpret_cast<PyTypeObject*>(tensor.ptr());
  Bindings b{m, tensor};
  bind_tensor(b);
  bind_views(b);
  bind_interop(b);
  bind_indexing(b);
  bind_creation(b);
  bind_attention(b);
  bind_autograd(b);
  bind_runtime(b);
  bind_activations(b);
  bind_arithmetic(b);
  bind_comparison(b);
  bind_functions(b);
  bind_random(b);
  bind_recurrent(b);
  bind_reductions(b);
  bind_sorting(b);
  bind_losses(b);
  bind_optimizers(b);
  bind_matrix(b);
  bind_convolutions(b);
  bind_norms(b);
  bind_pooling(b);
  bind_embedding(b);
  bind_joining(b);
  bind_rearranging(b);
  bind_cuda(b);
  bind_watch(b);
}

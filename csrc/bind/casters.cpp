#include "bind/casters.h"

#include <pybind11/numpy.h>

namespace tilestack {

namespace py = pybind11;

py::handle dtype_objects[kDTypeCount];
PyTypeObject* tensor_type = nullptr;

namespace {

bool dtype_named(const char* name, DType& dtype) {
  for (int i = 0; i < kDTypeCount; ++i) {
    dtype = DType(i);
    if (std::strcmp(name, name_of(dtype)) == 0) return true;
  }
  return false;
}

PyTypeObject* numpy_scalar_type() {
  static PyTypeObject* type =
      reinterpret_cast<PyTypeObject*>(py::object(py::module_::import("numpy").attr("generic")).release().ptr());
  return type;
}

bool is_numpy_scalar(py::handle source) { return PyType_IsSubtype(Py_TYPE(source.ptr()), numpy_scalar_type()); }

bool to_integer(py::handle source, std::int64_t& value) {
  if (PyFloat_Check(source.ptr()) || !PyIndex_Check(source.ptr())) return false;
  const auto index = py::reinterpret_steal<py::object>(PyNumber_Index(source.ptr()));
  if (!index) {
    PyErr_Clear();
    return false;
  }
  value = PyLong_AsLongLong(index.ptr());
  if (value == -1 && PyErr_Occurred()) throw py::error_already_set();
  return true;
}

}  // namespace

// What pybind11 does for a holder, without looking up the type and its bases again and again.
std::string text(const Repr& repr) { return py::repr(repr.object).cast<std::string>(); }

PyObject* wrap(const Tensor& x) {
  static const auto* info = py::detail::get_type_info(tensor_type);
  TensorImpl* impl = x.impl();
  if (impl->references > 1)  // else it is x's alone
    if (const py::handle known = py::detail::find_registered_python_instance(impl, info)) return known.ptr();
  PyObject* self = tensor_type->tp_alloc(tensor_type, 0);
  if (!self) throw py::error_already_set();
  auto* instance = reinterpret_cast<py::detail::instance*>(self);
  instance->simple_layout = true;
  instance->owned = true;
  instance->simple_value_holder[0] = impl;
  new (&instance->simple_value_holder[1]) Tensor(x);
  instance->simple_holder_constructed = true;
  py::detail::register_instance(instance, impl, info);
  instance->simple_instance_registered = true;
  return self;
}

bool to_dtype(py::handle source, DType& dtype) {
  if (py::isinstance<DTypeObject>(source)) {
    dtype = source.cast<DTypeObject&>().value;
    return true;
  }
  if (source.ptr() == reinterpret_cast<PyObject*>(&PyFloat_Type)) return dtype = DType::float32, true;
  if (source.ptr() == reinterpret_cast<PyObject*>(&PyLong_Type)) return dtype = DType::int64, true;
  if (source.ptr() == reinterpret_cast<PyObject*>(&PyBool_Type)) return dtype = DType::bool_, true;
  if (PyUnicode_Check(source.ptr())) {
    if (dtype_named(source.cast<std::string>().c_str(), dtype)) return true;
    throw TypeError(fill_in("dtype: unknown name '{}'", {source.cast<std::string>()}));
  }
  if (source.is_none() || PyNumber_Check(source.ptr())) return false;
  try {
    const auto name = py::dtype::from_args(py::reinterpret_borrow<py::object>(source)).attr("name").cast<std::string>();
    return dtype_named(name.c_str(), dtype);
  } catch (py::error_already_set&) {
    return false;
  }
}

bool to_scalar(py::handle source, Scalar& scalar) {
  PyObject* object = source.ptr();
  if (PyFloat_Check(object)) {
    scalar = {Scalar::real, PyFloat_AS_DOUBLE(object), 0};
    return true;
  }
  if (PyBool_Check(object)) {
    scalar = {Scalar::boolean, object == Py_True ? 1.0 : 0.0, object == Py_True};
    return true;
  }
  if (PyLong_Check(object)) {
    const std::int64_t value = PyLong_AsLongLong(object);
    if (value == -1 && PyErr_Occurred()) {
      PyErr_Clear();
      scalar = {Scalar::real, PyLong_AsDouble(object), 0};
      if (PyErr_Occurred()) throw py::error_already_set();
      return true;
    }
    scalar = {Scalar::integer, double(value), value};
    return true;
  }
  if (!is_numpy_scalar(source)) return false;
  return to_scalar(source.attr("item")(), scalar);
}

bool to_dims(py::handle source, Dims& dims) {
  dims = Dims{};
  std::int64_t value = 0;
  if (to_integer(source, value)) {
    dims.push_back(value);
    return true;
  }
  if (!PyTuple_Check(source.ptr()) && !PyList_Check(source.ptr())) return false;
  for (py::handle item : py::reinterpret_borrow<py::sequence>(source)) {
    if (!to_integer(item, value)) return false;
    dims.push_back(value);
  }
  return true;
}

bool is_numpy_array(py::handle source) {
  static PyTypeObject* type =
      reinterpret_cast<PyTypeObject*>(py::object(py::module_::import("numpy").attr("ndarray")).release().ptr());
  return PyType_IsSubtype(Py_TYPE(source.ptr()), type);
}

Tensor from_numpy(const py::object& object) {
  if (!is_numpy_array(object))
    throw TypeError(fill_in("from_numpy: wanted a numpy array, got {}",
                            {py::str(py::type::of(object).attr("__name__")).cast<std::string>()}));
  const auto array = py::reinterpret_borrow<py::array>(object);
  DType dtype;
  if (!dtype_named(py::str(array.dtype().attr("name")).cast<std::string>().c_str(), dtype))
    throw TypeError(
        fill_in("from_numpy: no tensor dtype for numpy's {}; convert it first, for example with "
                ".astype(numpy.float32)",
                {py::str(array.dtype()).cast<std::string>()}));
  if (!array.dtype().attr("isnative").cast<bool>())
    throw TypeError("from_numpy: the array's byte order is not this machine's; convert it with .astype");
  Dims shape, strides;
  for (py::ssize_t i = 0; i < array.ndim(); ++i) {
    shape.push_back(array.shape(i));
    check(array.strides(i) % array.itemsize() == 0, "from_numpy: strides must be multiples of the element size");
    strides.push_back(array.strides(i) / array.itemsize());
  }
  check(reinterpret_cast<std::uintptr_t>(array.data()) % std::size_t(array.itemsize()) == 0,
        "from_numpy: the array's memory is not aligned to its elements; copy it first");
  PyObject* owner = py::reinterpret_borrow<py::object>(array).release().ptr();
  return from_memory(const_cast<void*>(array.data()), shape, strides, dtype, Device{}, array.writeable(), owner,
                     [](Storage* storage) {
                       py::gil_scoped_acquire gil;
                       Py_DECREF(static_cast<PyObject*>(storage->owner));
                       delete storage;
                     });
}

}  // namespace tilestack

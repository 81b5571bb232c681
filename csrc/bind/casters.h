#pragma once
// How Python values become the arguments of ops and back.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "core/device.h"
#include "core/op.h"

namespace tilestack {

// ts.float32 and its like: one Python object for each dtype.
struct DTypeObject {
  DType value;
};
extern pybind11::handle dtype_objects[kDTypeCount];
extern PyTypeObject* tensor_type;

// ts.float32, numpy dtypes and scalar types, names, Python's float, int and bool.
bool to_dtype(pybind11::handle source, DType& dtype);
bool to_scalar(pybind11::handle source, Scalar& scalar);
bool to_dims(pybind11::handle source, Dims& dims);
// Shares the memory of a numpy array; TypeError for dtypes that tensors do not have.
Tensor from_numpy(const pybind11::object& array);
bool is_numpy_array(pybind11::handle source);

// An object as a message shows it; printing a large array takes long, so only a message that is needed does it.
struct Repr {
  pybind11::handle object;
};
std::string text(const Repr& repr);

// x's Python object, a new reference.
PyObject* wrap(const Tensor& x);

inline bool is_tensor(PyObject* object) {
  return Py_TYPE(object) == tensor_type || PyType_IsSubtype(Py_TYPE(object), tensor_type);
}
inline Tensor tensor_of(PyObject* object) {
  auto* instance = reinterpret_cast<pybind11::detail::instance*>(object);
  return Tensor(static_cast<TensorImpl*>(instance->get_value_and_holder().value_ptr()));
}

}  // namespace tilestack

namespace pybind11::detail {

template <>
struct always_construct_holder<tilestack::Tensor> : always_construct_holder_value<true> {};
template <>
struct holder_helper<tilestack::Tensor> {
  static const tilestack::TensorImpl* get(const tilestack::Tensor& x) { return x.impl(); }
};

// None is the undefined Tensor in both directions.
template <>
struct type_caster<tilestack::Tensor> : copyable_holder_caster<tilestack::TensorImpl, tilestack::Tensor> {
  static constexpr auto name = const_name("Tensor");
  bool load(handle source, bool) {
    if (!tilestack::is_tensor(source.ptr())) return source.is_none();
    holder = tilestack::tensor_of(source.ptr());
    if (!holder.impl()) throw tilestack::TypeError("tensor: this object's __init__ was never called");
    return true;
  }
  static handle cast(const tilestack::Tensor& x, return_value_policy, handle) {
    if (!x.defined()) return none().release();
    return tilestack::wrap(x);
  }
};

// A device or its name; a name that means none is a ValueError, not another overload's business.
template <>
struct type_caster<std::optional<tilestack::Device>> {
  PYBIND11_TYPE_CASTER(std::optional<tilestack::Device>, const_name("device | str | None"));
  bool load(handle source, bool) {
    if (source.is_none()) return true;
    if (PyUnicode_Check(source.ptr())) {
      value = tilestack::parse_device(source.cast<std::string>());
      return true;
    }
    if (!isinstance<tilestack::Device>(source)) return false;
    value = source.cast<tilestack::Device>();
    return true;
  }
};

template <>
struct type_caster<tilestack::DType> {
  PYBIND11_TYPE_CASTER(tilestack::DType, const_name("dtype"));
  bool load(handle source, bool) { return tilestack::to_dtype(source, value); }
  static handle cast(tilestack::DType dtype, return_value_policy, handle) {
    return tilestack::dtype_objects[static_cast<int>(dtype)].inc_ref();
  }
};

template <>
struct type_caster<tilestack::Scalar> {
  PYBIND11_TYPE_CASTER(tilestack::Scalar, const_name("float | int | bool"));
  bool load(handle source, bool) { return tilestack::to_scalar(source, value); }
};

template <>
struct type_caster<tilestack::Dims> {
  PYBIND11_TYPE_CASTER(tilestack::Dims, const_name("tuple[int, ...]"));
  bool load(handle source, bool) { return tilestack::to_dims(source, value); }
  static handle cast(const tilestack::Dims& dims, return_value_policy, handle) {
    tuple out(dims.size());
    for (int i = 0; i < dims.size(); ++i) PyTuple_SET_ITEM(out.ptr(), i, PyLong_FromLongLong(dims[i]));
    return out.release();
  }
};

// A tensor, a number, or a numpy array, whose memory is shared.
template <>
struct type_caster<tilestack::Operand> {
  static constexpr auto name = const_name("Tensor | float | int | bool");
  template <typename T>
  using cast_op_type = const tilestack::Operand&;
  operator const tilestack::Operand&() { return value; }
  bool load(handle source, bool) {
    if (tilestack::is_tensor(source.ptr())) {
      value.tensor = tilestack::tensor_of(source.ptr());
      return value.tensor.defined();
    }
    if (tilestack::is_numpy_array(source)) {
      value.tensor = tilestack::from_numpy(reinterpret_borrow<object>(source));
      return true;
    }
    return tilestack::to_scalar(source, value.scalar);
  }
  tilestack::Operand value{tilestack::Scalar{}};
};

}  // namespace pybind11::detail

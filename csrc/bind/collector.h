#pragma once
// What the tape holds of Python, in forms that Python's cycle collector can see.
//
// A hook often refers to its own tensor, and an op's context to the op's result: Tensor -> TensorImpl (-> Node) ->
// function -> Tensor. The collector sees such a cycle if the Python object is the only owner of the TensorImpl, and
// that of the Node. While others own them too, on the tape or in a kernel that runs without the interpreter lock, the
// functions count as reachable. Backward frees its part of the tape, so what it leaves has one owner.
#include "bind/casters.h"
#include "core/tape.h"

namespace tilestack {

// A Python object that may be let go of by any thread.
class PyHolder {
 public:
  explicit PyHolder(pybind11::object object)
      : object_(object.release().ptr(), [](PyObject* p) {
          pybind11::gil_scoped_acquire gil;
          Py_DECREF(p);
        }) {}
  pybind11::handle get() const { return object_.get(); }
  bool unique() const { return object_.use_count() == 1; }

 private:
  std::shared_ptr<PyObject> object_;
};

// Both are defined in autograd.cpp.
struct PythonHook {
  PyHolder function;
  Tensor operator()(const Tensor& gradient) const;
};
struct PythonBackward {
  PyHolder function;
  std::string name;  // of the class
  std::vector<Dims> shapes;
  std::vector<DType> dtypes;
  Gradients operator()(const Gradients& dys) const;
};

// Lets the collector look into tensors. They start untracked, for nearly all of them hold nothing of Python.
void set_up_collector(PyHeapTypeObject* type);
// From here on the collector looks into this one.
void make_collectable(pybind11::handle tensor);

}  // namespace tilestack

#include "bind/collector.h"

#include <cstring>

namespace tilestack {
namespace {

namespace py = pybind11;

// The tensor that only this Python object owns, or null.
TensorImpl* sole_impl(PyObject* self) {
  const auto* instance = reinterpret_cast<py::detail::instance*>(self);
  if (!instance->simple_layout || !instance->simple_holder_constructed) return nullptr;
  auto* impl = static_cast<TensorImpl*>(instance->simple_value_holder[0]);
  return impl && impl->references == 1 ? impl : nullptr;
}

Node* sole_node(const TensorImpl& impl) { return impl.node && impl.node->references == 1 ? impl.node.get() : nullptr; }

int traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Py_TYPE(self));
  const auto look_at = [&](const auto* holder) {
    return holder && holder->function.unique() ? visit(holder->function.get().ptr(), arg) : 0;
  };
  TensorImpl* impl = sole_impl(self);
  if (!impl) return 0;
  if (impl->hooks)
    for (const auto& [id, hook] : *impl->hooks)
      if (const int stop = look_at(hook.target<PythonHook>())) return stop;
  Node* node = sole_node(*impl);
  if (!node) return 0;
  for (const auto& [id, entry] : node->hooks)
    if (const int stop = look_at(entry.second.target<PythonHook>())) return stop;
  const auto* op = dynamic_cast<ClosureNode<PythonBackward>*>(node);
  return op ? look_at(op->closure.get()) : 0;
}

// Takes the functions away and leaves a tensor that others of the cycle may still use as they end.
int clear(PyObject* self) {
  TensorImpl* impl = sole_impl(self);
  if (!impl) return 0;
  const Tensor alive(impl);
  const auto hooks = std::move(impl->hooks);
  Node* node = sole_node(*impl);
  if (!node) return 0;
  const auto node_hooks = std::move(node->hooks);
  if (auto* op = dynamic_cast<ClosureNode<PythonBackward>*>(node)) {
    op->released = true;
    const auto closure = std::move(op->closure);
  }
  return 0;
}

// PyType_GenericAlloc without the tracking.
PyObject* allocate(PyTypeObject* type, Py_ssize_t) {
  PyObject* self = PyObject_GC_New(PyObject, type);
  if (self) std::memset(self + 1, 0, std::size_t(type->tp_basicsize) - sizeof(PyObject));
  return self;
}

}  // namespace

void set_up_collector(PyHeapTypeObject* heap_type) {
  PyTypeObject* type = &heap_type->ht_type;
  type->tp_flags |= Py_TPFLAGS_HAVE_GC;
  type->tp_traverse = &traverse;
  type->tp_clear = &clear;
  type->tp_alloc = &allocate;
}

void make_collectable(py::handle tensor) {
  if (!PyObject_GC_IsTracked(tensor.ptr())) PyObject_GC_Track(tensor.ptr());
}

}  // namespace tilestack

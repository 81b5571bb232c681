#include <pybind11/numpy.h>

#include "bind/bind.h"
#include "bind/dlpack.h"
#include "ops/copy/copy.h"

namespace tilestack {
namespace {

py::array to_numpy(const Tensor& x) {
  check<RuntimeError>(!x.requires_grad(), "numpy: the tensor requires a gradient; use x.detach().numpy()");
  check<TypeError>(x.device().kind == Device::cpu, "numpy: the tensor is on {}; use x.cpu().numpy()", x.device());
  check<TypeError>(x.dtype() != DType::bfloat16, "numpy: numpy has no bfloat16; use x.float().numpy()");
  const py::ssize_t bytes = py::ssize_t(size_of(x.dtype()));
  std::vector<py::ssize_t> shape, strides;
  for (int i = 0; i < x.dim(); ++i) {
    shape.push_back(x.size(i));
    strides.push_back(x.view().strides[i] * bytes);
  }
  py::array out(py::dtype(std::string(name_of(x.dtype()))), shape, strides, x.view().pointer, py::cast(x.detach()));
  if (!x.impl()->storage->writable) out.attr("setflags")(py::arg("write") = false);
  return out;
}

// numpy's protocol: copy None copies if it must, False never, True always.
py::object array_protocol(const Tensor& x, const py::object& dtype, const std::optional<bool>& copy) {
  const Tensor plain = x.dtype() == DType::bfloat16 ? as_dtype(x, DType::float32) : x.detach();
  py::object array = to_numpy(plain);
  if (!dtype.is_none() && !py::object(array.attr("dtype")).equal(dtype)) {
    check(copy.value_or(true), "numpy: a copy is needed to convert the dtype");
    return array.attr("astype")(dtype);
  }
  return copy.value_or(false) ? array.attr("copy")() : array;
}

Tensor from_buffer(const py::buffer& buffer, DType dtype, const std::optional<Dims>& shape, std::int64_t offset) {
  struct Owner {
    py::buffer_info info;
  };
  auto owner = std::make_unique<Owner>(Owner{buffer.request()});
  const std::int64_t bytes = owner->info.size * owner->info.itemsize, item = std::int64_t(size_of(dtype));
  check(offset >= 0 && offset <= bytes, "from_buffer: offset {} is outside of {} bytes", offset, bytes);
  const Dims wanted = shape ? *shape : Dims{(bytes - offset) / item};
  std::int64_t needed = item;
  for (std::int64_t size : wanted)
    check(size >= 0 && !__builtin_mul_overflow(needed, size, &needed), "from_buffer: bad shape {}", wanted);
  check(needed <= bytes - offset, "from_buffer: shape {} of {} needs {} bytes, {} are left after offset {}", wanted,
        dtype, needed, bytes - offset, offset);
  char* data = static_cast<char*>(owner->info.ptr) + offset;
  if (reinterpret_cast<std::uintptr_t>(data) % std::size_t(item) != 0) {  // kernels need aligned elements
    Tensor copy = empty(wanted, dtype);
    std::memcpy(copy.view().pointer, data, std::size_t(needed));
    return copy;
  }
  const bool writable = !owner->info.readonly;
  return from_memory(data, wanted, contiguous_strides(wanted), dtype, Device{}, writable, owner.release(),
                     [](Storage* storage) {
                       py::gil_scoped_acquire gil;
                       delete static_cast<Owner*>(storage->owner);
                       delete storage;
                     });
}

dlpack::DataType dlpack_type(DType dtype) {
  const auto bits = std::uint8_t(8 * size_of(dtype));
  switch (dtype) {
    case DType::bfloat16:
      return {dlpack::kBfloat, bits, 1};
    case DType::uint8:
      return {dlpack::kUInt, bits, 1};
    case DType::bool_:
      return {dlpack::kBool, bits, 1};
    default:
      return {is_float(dtype) ? dlpack::kFloat : dlpack::kInt, bits, 1};
  }
}

DType dtype_from(dlpack::DataType type) {
  for (int i = 0; i < kDTypeCount; ++i) {
    const dlpack::DataType own = dlpack_type(DType(i));
    if (own.code == type.code && own.bits == type.bits && type.lanes == 1) return DType(i);
  }
  throw TypeError(fill_in("from_dlpack: no tensor dtype for type code {} with {} bits and {} lanes",
                          {text(type.code), text(type.bits), text(type.lanes)}));
}

// What a consumer gets: the DLPack structure and the tensor that keeps its memory.
template <class T>
struct Export {
  T managed{};
  Tensor tensor;
  Dims shape, strides;
};

template <class T>
py::capsule export_as(const Tensor& x, const char* name) {
  auto* out = new Export<T>{{}, x.detach(), x.shape(), x.strides()};
  out->managed.array = {x.view().pointer,
                        {x.device().kind == Device::cpu ? dlpack::kCpu : dlpack::kCuda, x.device().index},
                        x.dim(),
                        dlpack_type(x.dtype()),
                        out->shape.begin(),
                        out->strides.begin(),
                        0};
  out->managed.context = out;
  out->managed.deleter = [](T* self) {
    py::gil_scoped_acquire gil;
    delete static_cast<Export<T>*>(self->context);
  };
  if constexpr (std::is_same_v<T, dlpack::ManagedVersioned>) {
    out->managed.major = 1;
    out->managed.flags = x.impl()->storage->writable ? 0 : dlpack::kReadOnly;
  }
  // A consumer renames the capsule; one that no one consumed frees its contents itself.
  PyObject* capsule = PyCapsule_New(&out->managed, name, [](PyObject* self) {
    const char* now = PyCapsule_GetName(self);
    if (std::strncmp(now, "used_", 5) == 0) return;
    auto* managed = static_cast<T*>(PyCapsule_GetPointer(self, now));
    managed->deleter(managed);
  });
  return py::reinterpret_steal<py::capsule>(capsule);
}

py::capsule to_dlpack(const Tensor& x, const py::object&, const std::optional<std::pair<int, int>>& max_version,
                      const std::optional<std::pair<int, int>>& dl_device, const std::optional<bool>& copy) {
  check<RuntimeError>(!x.requires_grad(), "__dlpack__: the tensor requires a gradient; use x.detach()");
  const std::pair<int, int> own{x.device().kind == Device::cpu ? dlpack::kCpu : dlpack::kCuda, x.device().index};
  if (dl_device && *dl_device != own) {
    PyErr_SetString(PyExc_BufferError, "__dlpack__: the tensor is on another device than asked for");
    throw py::error_already_set();
  }
  Tensor out = x;
  if (copy.value_or(false)) {
    out = empty_like(x);
    copy_into(out, x);
  }
  if (max_version && max_version->first >= 1) return export_as<dlpack::ManagedVersioned>(out, "dltensor_versioned");
  if (!out.impl()->storage->writable) {
    PyErr_SetString(PyExc_BufferError, "__dlpack__: read-only memory needs a consumer of DLPack 1.0 or later");
    throw py::error_already_set();
  }
  return export_as<dlpack::Managed>(out, "dltensor");
}

template <class T>
Tensor import_from(PyObject* capsule, const char* name, bool writable) {
  auto* managed = static_cast<T*>(PyCapsule_GetPointer(capsule, name));
  if (!managed) throw py::error_already_set();
  const dlpack::Array& array = managed->array;
  check<TypeError>(array.device.type == dlpack::kCpu || array.device.type == dlpack::kCudaHost,
                   "from_dlpack: only CPU memory can be taken in, got device type {}", array.device.type);
  const Dims shape(array.shape, array.ndim);
  const Dims strides = array.strides ? Dims(array.strides, array.ndim) : contiguous_strides(shape);
  const DType dtype = dtype_from(array.dtype);
  void* data = static_cast<char*>(array.data) + array.byte_offset;
  check(reinterpret_cast<std::uintptr_t>(data) % size_of(dtype) == 0, "from_dlpack: memory is not aligned");
  Tensor out = from_memory(data, shape, strides, dtype, Device{}, writable, managed, [](Storage* storage) {
    auto* owner = static_cast<T*>(storage->owner);
    py::gil_scoped_acquire gil;
    if (owner->deleter) owner->deleter(owner);
    delete storage;
  });
  PyCapsule_SetName(capsule, (std::strcmp(name, "dltensor") == 0) ? "used_dltensor" : "used_dltensor_versioned");
  return out;
}

Tensor from_dlpack(const py::object& source) {
  if (is_tensor(source.ptr())) return tensor_of(source.ptr()).detach();
  py::object capsule = source;
  if (!PyCapsule_CheckExact(source.ptr())) {
    check<TypeError>(py::hasattr(source, "__dlpack__"), "from_dlpack: {} has no __dlpack__ method",
                     py::str(py::type::of(source)).cast<std::string>());
    try {
      capsule = source.attr("__dlpack__")(py::arg("max_version") = py::make_tuple(1, 0));
    } catch (py::error_already_set& error) {
      if (!error.matches(PyExc_TypeError)) throw;
      capsule = source.attr("__dlpack__")();  // from before DLPack 1.0
    }
  }
  check<TypeError>(PyCapsule_CheckExact(capsule.ptr()), "from_dlpack: __dlpack__ did not return a capsule");
  if (PyCapsule_IsValid(capsule.ptr(), "dltensor_versioned")) {
    const auto* managed =
        static_cast<dlpack::ManagedVersioned*>(PyCapsule_GetPointer(capsule.ptr(), "dltensor_versioned"));
    check(managed->major == 1, "from_dlpack: DLPack version {} is not supported", int(managed->major));
    return import_from<dlpack::ManagedVersioned>(capsule.ptr(), "dltensor_versioned",
                                                 !(managed->flags & dlpack::kReadOnly));
  }
  check(PyCapsule_IsValid(capsule.ptr(), "dltensor"), "from_dlpack: the capsule was consumed before");
  return import_from<dlpack::Managed>(capsule.ptr(), "dltensor", true);
}

}  // namespace

void bind_interop(Bindings& b) {
  b.function("from_numpy", &from_numpy, "A tensor that shares the memory of a numpy array.", py::arg("array"));
  b.function(
      "from_buffer", &from_buffer,
      "A tensor over the memory of any Python buffer, from byte `offset` on (copied only where elements would not "
      "be aligned). shape: left out for all that fits.",
      py::arg("buffer"), py::arg("dtype"), py::arg("shape") = py::none(), py::arg("offset") = 0);
  b.function("from_dlpack", &from_dlpack, "A tensor that shares the memory of any object with __dlpack__.",
             py::arg("source"));
  b.method("numpy", &to_numpy, "A numpy array that shares this memory.");
  b.method(
      "tolist",
      [](const Tensor& x) { return py::object(array_protocol(x, py::none(), std::nullopt).attr("tolist")()); },
      "Nested lists of Python numbers; a plain number for a tensor without dimensions.");
  b.method("__array__", &array_protocol, "", py::arg("dtype") = py::none(), py::arg("copy") = py::none());
  b.method("__dlpack__", &to_dlpack, "", py::kw_only(), py::arg("stream") = py::none(),
           py::arg("max_version") = py::none(), py::arg("dl_device") = py::none(), py::arg("copy") = py::none());
  b.method(
      "__dlpack_device__",
      [](const Tensor& x) {
        return py::make_tuple(int(x.device().kind == Device::cpu ? dlpack::kCpu : dlpack::kCuda),
                              int(x.device().index));
      },
      "");
  b.tensor.attr("__array_ufunc__") = py::none();  // array + tensor asks the tensor
}

}  // namespace tilestack

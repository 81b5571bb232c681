#include <pybind11/numpy.h>

#include "bind/bind.h"
#include "bind/dlpack.h"
#include "core/device.h"
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

// What the consumer's stream does from now on comes after what ours has now.
void order_before(int device, void* stream) {
  const CudaBackend& cuda = cuda_backend();
  void* const own = cuda.current_stream(device);
  if (own == stream) return;
  cuda.activate(device);
  void* event = cuda.new_event(false);
  cuda.record_event(event, own);
  cuda.wait_event(stream, event);
  cuda.free_event(event);
}

// Of DLPack and the array interface, where None and 1 are the default stream, 2 the thread's own and -1 asks for no
// order.
void* stream_from(std::intptr_t number) { return number == 1 ? nullptr : reinterpret_cast<void*>(number); }
std::intptr_t number_of_stream(int device) {
  void* const stream = cuda_backend().current_stream(device);
  return stream ? reinterpret_cast<std::intptr_t>(stream) : 1;
}

void order_for_consumer(const Tensor& x, const py::object& stream) {
  if (x.device().kind == Device::cpu) return;
  const std::intptr_t number = stream.is_none() ? 1 : stream.cast<std::intptr_t>();
  if (number == -1) return;
  check(number != 0, "__dlpack__: stream 0 is ambiguous; 1 is the default stream, 2 the thread's own");
  order_before(x.device().index, stream_from(number));
}

py::capsule to_dlpack(const Tensor& x, const py::object& stream, const std::optional<std::pair<int, int>>& max_version,
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
  order_for_consumer(out, stream);
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
  const bool on_gpu = array.device.type == dlpack::kCuda;
  check<TypeError>(on_gpu || array.device.type == dlpack::kCpu || array.device.type == dlpack::kCudaHost,
                   "from_dlpack: only CPU and CUDA memory can be taken in, got device type {}", array.device.type);
  if (on_gpu) check_cuda_device("from_dlpack", array.device.id);
  const Dims shape(array.shape, array.ndim);
  const Dims strides = array.strides ? Dims(array.strides, array.ndim) : contiguous_strides(shape);
  const DType dtype = dtype_from(array.dtype);
  void* data = static_cast<char*>(array.data) + array.byte_offset;
  check(reinterpret_cast<std::uintptr_t>(data) % size_of(dtype) == 0, "from_dlpack: memory is not aligned");
  const Device device = on_gpu ? Device{Device::cuda, std::int8_t(array.device.id)} : Device{};
  Tensor out = from_memory(data, shape, strides, dtype, device, writable, managed, [](Storage* storage) {
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
    py::dict arguments;
    if (const auto device = py::getattr(source, "__dlpack_device__", py::none()); !device.is_none()) {
      const auto [type, index] = device().cast<std::pair<int, int>>();
      if (type == dlpack::kCuda) {
        check_cuda_device("from_dlpack", index);
        arguments["stream"] = number_of_stream(index);
      }
    }
    try {
      capsule = source.attr("__dlpack__")(**arguments, py::arg("max_version") = py::make_tuple(1, 0));
    } catch (py::error_already_set& error) {
      if (!error.matches(PyExc_TypeError)) throw;
      capsule = source.attr("__dlpack__")(**arguments);  // from before DLPack 1.0
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

// Version 3 of the interface that numba, CuPy and others share.
py::dict cuda_array_interface(const Tensor& x) {
  if (x.device().kind == Device::cpu || x.dtype() == DType::bfloat16) {
    PyErr_SetString(PyExc_AttributeError,
                    "__cuda_array_interface__: only tensors on a GPU have it, and not of bfloat16");
    throw py::error_already_set();
  }
  check<RuntimeError>(!x.requires_grad(), "__cuda_array_interface__: the tensor requires a gradient; use x.detach()");
  py::tuple strides(x.dim());
  for (int i = 0; i < x.dim(); ++i) strides[i] = x.strides()[i] * std::int64_t(size_of(x.dtype()));
  py::dict out;
  out["shape"] = py::cast(x.shape());
  out["typestr"] = py::dtype(std::string(name_of(x.dtype()))).attr("str");
  out["data"] = py::make_tuple(reinterpret_cast<std::uintptr_t>(x.view().pointer), !x.impl()->storage->writable);
  out["strides"] = strides;
  out["version"] = 3;
  out["stream"] = number_of_stream(x.device().index);
  return out;
}

// A tensor over the memory of an object that has the interface. It is on the current GPU.
Tensor from_cuda_array(const py::object& source) {
  const auto from = source.attr("__cuda_array_interface__").cast<py::dict>();
  const auto [address, read_only] = from["data"].cast<std::pair<std::uintptr_t, bool>>();
  const auto type = py::dtype::from_args(from["typestr"]);
  DType dtype;
  check<TypeError>(to_dtype(type.attr("name"), dtype), "as_tensor: no tensor dtype for {}",
                   py::str(py::object(from["typestr"])).cast<std::string>());
  Dims shape, strides;
  check<TypeError>(to_dims(from["shape"], shape), "as_tensor: bad shape in __cuda_array_interface__");
  strides = contiguous_strides(shape);
  if (from.contains("strides") && !from["strides"].is_none()) {
    check<TypeError>(to_dims(from["strides"], strides), "as_tensor: bad strides in __cuda_array_interface__");
    for (std::int64_t& stride : strides) stride /= std::int64_t(size_of(dtype));
  }
  const Device device{Device::cuda, std::int8_t(cuda_backend().active())};
  if (from.contains("stream") && !from["stream"].is_none()) {
    void* const producer = stream_from(from["stream"].cast<std::intptr_t>());
    if (producer != cuda_backend().current_stream(device.index)) {
      void* event = cuda_backend().new_event(false);
      cuda_backend().record_event(event, producer);
      cuda_backend().wait_event(cuda_backend().current_stream(device.index), event);
      cuda_backend().free_event(event);
    }
  }
  return from_memory(reinterpret_cast<void*>(address), shape, strides, dtype, device, !read_only,
                     py::object(source).release().ptr(), [](Storage* storage) {
                       py::gil_scoped_acquire gil;
                       Py_DECREF(static_cast<PyObject*>(storage->owner));
                       delete storage;
                     });
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
      [](const Tensor& x) {
        const Tensor host = to_device(x.detach(), Device{});
        return py::object(array_protocol(host, py::none(), std::nullopt).attr("tolist")());
      },
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
  b.tensor.def_property_readonly("__cuda_array_interface__", &cuda_array_interface);
  b.function("_from_cuda_array", &from_cuda_array, "", py::arg("source"));
  b.tensor.attr("__array_ufunc__") = py::none();  // array + tensor asks the tensor
}

}  // namespace tilestack

#include "bind/bind.h"
#include "core/views.h"
#include "ops/copy/copy.h"

namespace tilestack {
namespace {

// A member function as a function of the tensor.
template <class R>
auto calling(R (Tensor::*member)() const) {
  return [member](const Tensor& x) { return (x.*member)(); };
}

py::object item(const Tensor& x) {
  check(x.numel() == 1, "item: wanted a tensor of one element, got shape {}", x.shape());
  const Tensor host = x.device().kind == Device::cpu ? x : to_device(x.detach(), Device{});
  py::object value;
  visit_all(host.dtype(), [&]<class T>() {
    if constexpr (std::is_same_v<T, bool>) {
      value = py::bool_(*host.data<bool>());
    } else if constexpr (std::is_integral_v<T>) {
      value = py::int_(std::int64_t(*host.data<T>()));
    } else {
      value = py::float_(convert<double>(*host.data<T>()));
    }
  });
  return value;
}

bool truth(const Tensor& x) {
  check(x.numel() == 1, "bool: the truth of a tensor of shape {} is not defined; use any() or all()", x.shape());
  return py::cast<bool>(item(x).attr("__bool__")());
}

std::int64_t as_index(const Tensor& x) {
  check<TypeError>(!is_float(x.dtype()) && x.numel() == 1,
                   "index: only an integer tensor of one element can be an index, got {} of shape {}", x.dtype(),
                   x.shape());
  return item(x).cast<std::int64_t>();
}

Tensor clone(const Tensor& x) {
  Tensor y = empty_like(x);
  copy_into(y, x);
  return record("clone", y, {x}, [](const Tensor& dy) -> Gradients { return {dy}; });
}

// x.to(dtype), x.to(device), x.to(device, dtype), x.to(other)
Tensor to(const Tensor& x, const py::args& args, const std::optional<DType>& dtype_asked,
          const std::optional<Device>& device_asked, bool non_blocking) {
  DType dtype = dtype_asked.value_or(x.dtype());
  Device device = device_asked.value_or(x.device());
  for (py::handle arg : args) {
    if (is_tensor(arg.ptr())) {
      dtype = tensor_of(arg.ptr()).dtype();
      device = tensor_of(arg.ptr()).device();
    } else if (py::isinstance<Device>(arg)) {
      device = arg.cast<Device>();
    } else if (DType named; py::isinstance<DTypeObject>(arg) || !py::isinstance<py::str>(arg)) {
      check<TypeError>(to_dtype(arg, named), "to: wanted a dtype, a device or a tensor, got {}", Repr{arg});
      dtype = named;
    } else {
      device = parse_device(arg.cast<std::string>());
    }
  }
  const Tensor y = device == x.device() ? x : to_device(x, device, non_blocking && device.kind == Device::cuda);
  return dtype == x.dtype() ? y : to_dtype(y, dtype);
}

// Makes a Python tensor stand for y's memory, of any shape, dtype and device. It gets another TensorImpl: graphs and
// closures that hold the old one must not find another dtype or size in it.
void rebind(const py::object& self, const Tensor& y) {
  const Tensor before = self.cast<Tensor>(), fresh = y.detach();
  fresh.impl()->asks_grad = before.impl()->asks_grad;
  auto* instance = reinterpret_cast<py::detail::instance*>(self.ptr());
  py::detail::value_and_holder slot = instance->get_value_and_holder(py::detail::get_type_info(typeid(TensorImpl)));
  py::detail::deregister_instance(instance, slot.value_ptr(), slot.type);
  slot.holder<Tensor>() = fresh;
  slot.value_ptr() = fresh.impl();
  py::detail::register_instance(instance, slot.value_ptr(), slot.type);
}

void bind_properties(Bindings& b) {
  b.tensor.def_property_readonly("shape", calling(&Tensor::shape), "Sizes, as a tuple.")
      .def_property_readonly("dtype", calling(&Tensor::dtype))
      .def_property_readonly("device", calling(&Tensor::device))
      .def_property_readonly("ndim", calling(&Tensor::dim), "Number of dimensions.")
      .def_property_readonly("nbytes", [](const Tensor& x) { return x.numel() * std::int64_t(size_of(x.dtype())); })
      .def_property_readonly("itemsize", [](const Tensor& x) { return size_of(x.dtype()); })
      .def_property_readonly("_version", [](const Tensor& x) { return x.impl()->storage->version.load(); })
      .def_property(
          "data", calling(&Tensor::detach),
          [](const Tensor& x, const Tensor& y) {
            check(x.shape() == y.shape() && x.dtype() == y.dtype(), "data: wanted shape {} and dtype {}, got {} and {}",
                  x.shape(), x.dtype(), y.shape(), y.dtype());
            const NoGrad no_grad;
            copy_into(x, y);
            x.bump_version();
          },
          "The same memory off the tape; assigning copies values in.");
  b.method("_rebind", &rebind, "", py::arg("data"));
  b.method("dim", calling(&Tensor::dim), "Number of dimensions.");
  b.method("numel", calling(&Tensor::numel), "Number of elements.");
  b.method("element_size", [](const Tensor& x) { return size_of(x.dtype()); }, "Bytes an element.");
  b.method(
      "data_ptr", [](const Tensor& x) { return reinterpret_cast<std::uintptr_t>(x.view().pointer); },
      "Address of the first element.");
  b.method(
      "size",
      [](const Tensor& x, const std::optional<std::int64_t>& dim) -> py::object {
        if (!dim) return py::cast(x.shape());
        return py::cast(x.size(wrap_dim("size", *dim, x.dim())));
      },
      "Sizes, or the size of one dimension.", py::arg("dim") = py::none());
  b.method(
      "stride",
      [](const Tensor& x, const std::optional<std::int64_t>& dim) -> py::object {
        if (!dim) return py::cast(x.strides());
        return py::cast(x.strides()[wrap_dim("stride", *dim, x.dim())]);
      },
      "Steps between neighbours in memory, in elements.", py::arg("dim") = py::none());
  b.method("is_contiguous", [](const Tensor& x) { return x.is_contiguous(); }, "True if memory is in row-major order.");
  b.method(
      "is_channels_last", [](const Tensor& x) { return x.view().is_channels_last(); },
      "True for a 4-D tensor whose memory is in (N, H, W, C) order.");
  b.method("is_floating_point", [](const Tensor& x) { return is_float(x.dtype()); }, "");
}

void bind_conversions(Bindings& b) {
  b.method("item", &item, "The only element, as a Python number.");
  b.method("detach", calling(&Tensor::detach), "The same memory, off the tape.");
  b.both("clone", &clone, "A copy with memory of its own.", py::arg("input"));
  b.method(
      "contiguous", [](const Tensor& x) { return x.is_contiguous() ? x : contiguous(x); },
      "The same values in row-major memory; self where they are so already.");
  b.method("to", &to,
           "to(dtype | device | tensor): converted; self where nothing changes.\n\n"
           "non_blocking: from pinned memory to a GPU, the host does not wait for the copy.",
           py::kw_only(), py::arg("dtype") = py::none(), py::arg("device") = py::none(),
           py::arg("non_blocking") = false);
  b.method("cpu", [](const Tensor& x) { return x.device() == Device{} ? x : to_device(x, Device{}); }, "On the CPU.");
  const auto cast_method = [&](const char* name, DType dtype) {
    b.method(
        name, [dtype](const Tensor& x) { return x.dtype() == dtype ? x : to_dtype(x, dtype); },
        "Converted to this dtype; self where it has it.");
  };
  cast_method("float", DType::float32);
  cast_method("double", DType::float64);
  cast_method("half", DType::float16);
  cast_method("bfloat16", DType::bfloat16);
  cast_method("long", DType::int64);
  cast_method("int", DType::int32);
  cast_method("bool", DType::bool_);
  b.method("__bool__", &truth, "");
  b.method("__float__", [](const Tensor& x) { return py::float_(item(x)); }, "");
  b.method("__int__", [](const Tensor& x) { return py::int_(item(x)); }, "");
  b.method("__index__", &as_index, "");
  b.method(
      "__len__",
      [](const Tensor& x) {
        check<TypeError>(x.dim() > 0, "len: a tensor without dimensions has no length");
        return x.size(0);
      },
      "");
  b.method(
      "__iter__",
      [](const Tensor& x) {
        check<TypeError>(x.dim() > 0, "iter: a tensor without dimensions can't be iterated over");
        return py::iter(py::cast(unbind(x, 0)));
      },
      "");
  b.method("__hash__", [](const py::object& x) { return reinterpret_cast<std::intptr_t>(x.ptr()) >> 4; }, "");
}

}  // namespace

void bind_tensor(Bindings& b) {
  // ts.Tensor(x) and its subclasses share x's memory, off the tape.
  b.tensor.def(py::init([](const Tensor& x) {
                 check<TypeError>(x.defined(), "Tensor: wanted a tensor, got None; see tilestack.tensor(data)");
                 return x.detach();
               }),
               py::arg("data"));
  bind_properties(b);
  bind_conversions(b);
}

}  // namespace tilestack

#include "bind/bind.h"
#include "ops/copy/copy.h"
#include "ops/fill/fill.h"

namespace tilestack {

Dims shape_of(const char* op, const py::args& args) {
  Dims shape;
  const bool whole = args.size() == 1 && (py::isinstance<py::tuple>(args[0]) || py::isinstance<py::list>(args[0]));
  const py::object source = whole ? py::object(args[0]) : py::object(args);
  check<TypeError>(to_dims(source, shape), "{}: a shape is whole numbers, got {}", op, Repr{source});
  return shape;
}

Tensor with_grad(const Tensor& x, bool requires_grad) {
  check<RuntimeError>(!requires_grad || is_float(x.dtype()),
                      "requires_grad: only float tensors can have gradients, got {}", x.dtype());
  x.impl()->asks_grad = requires_grad;
  return x;
}

Tensor new_like(const Tensor& x, const std::optional<DType>& dtype, const std::optional<Device>& device) {
  const DType type = dtype.value_or(x.dtype());
  return device && *device != x.device() ? empty(x.shape(), type, *device) : empty_like(x, type);
}

namespace {

Tensor filled(const Tensor& x, const Scalar& value) {
  fill_into(x, value);
  return x;
}

using OptionalDType = std::optional<DType>;
using OptionalDevice = std::optional<Device>;

DType dtype_for(const Scalar& value) {
  if (value.kind == Scalar::boolean) return DType::bool_;
  return value.kind == Scalar::integer ? DType::int64 : DType::float32;
}

template <class Fill>
void bind_constant(Bindings& b, const char* name, const char* like_name, const char* doc, Fill fill) {
  b.function(
      name,
      [name, fill](const py::args& shape, const OptionalDType& dtype, const OptionalDevice& device,
                   bool requires_grad) {
        const Tensor x = empty(shape_of(name, shape), dtype.value_or(DType::float32), device.value_or(Device{}));
        return with_grad(fill(x), requires_grad);
      },
      doc, py::kw_only(), py::arg("dtype") = py::none(), py::arg("device") = py::none(),
      py::arg("requires_grad") = false);
  b.function(
      like_name,
      [fill](const Tensor& x, const OptionalDType& dtype, const OptionalDevice& device, bool requires_grad) {
        return with_grad(fill(new_like(x, dtype, device)), requires_grad);
      },
      "As the function without _like, with the shape, dtype and device of a tensor.", py::arg("input"), py::kw_only(),
      py::arg("dtype") = py::none(), py::arg("device") = py::none(), py::arg("requires_grad") = false);
}

}  // namespace

void bind_creation(Bindings& b) {
  bind_constant(b, "empty", "empty_like", "empty(*shape): uninitialised memory.", [](const Tensor& x) { return x; });
  bind_constant(b, "zeros", "zeros_like", "zeros(*shape): all 0.",
                [](const Tensor& x) { return filled(x, {Scalar::integer, 0, 0}); });
  bind_constant(b, "ones", "ones_like", "ones(*shape): all 1.",
                [](const Tensor& x) { return filled(x, {Scalar::integer, 1, 1}); });
  b.function(
      "full",
      [](const Dims& shape, const Scalar& value, const OptionalDType& dtype, const OptionalDevice& device,
         bool requires_grad) {
        const Tensor x = empty(shape, dtype.value_or(dtype_for(value)), device.value_or(Device{}));
        return with_grad(filled(x, value), requires_grad);
      },
      "full(shape, fill_value): all the same value.", py::arg("size"), py::arg("fill_value"), py::kw_only(),
      py::arg("dtype") = py::none(), py::arg("device") = py::none(), py::arg("requires_grad") = false);
  b.function(
      "full_like",
      [](const Tensor& x, const Scalar& value, const OptionalDType& dtype, const OptionalDevice& device) {
        return filled(new_like(x, dtype, device), value);
      },
      "All the same value, with the shape, dtype and device of a tensor.", py::arg("input"), py::arg("fill_value"),
      py::kw_only(), py::arg("dtype") = py::none(), py::arg("device") = py::none());
  b.function(
      "empty_strided",
      [](const Dims& shape, const Dims& strides, const OptionalDType& dtype, const OptionalDevice& device) {
        check(shape.size() == strides.size(), "empty_strided: shape {} and strides {} differ in length", shape,
              strides);
        std::int64_t span = 1;
        for (int i = 0; i < shape.size(); ++i) {
          check(strides[i] >= 0 && shape[i] >= 0, "empty_strided: sizes and strides must not be negative");
          std::int64_t steps = shape[i] - 1;
          check(!__builtin_mul_overflow(steps, strides[i], &steps) && !__builtin_add_overflow(span, steps, &span),
                "empty_strided: shape {} with strides {} is too large", shape, strides);
        }
        check_size("empty_strided", shape);
        if (shape.numel() == 0) span = 0;
        const Tensor base = empty({span}, dtype.value_or(DType::float32), device.value_or(Device{}));
        return view_of(base, shape, strides);
      },
      "Uninitialised memory with given strides, in elements.", py::arg("size"), py::arg("stride"), py::kw_only(),
      py::arg("dtype") = py::none(), py::arg("device") = py::none());
}

}  // namespace tilestack

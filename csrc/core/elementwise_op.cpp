#include "core/elementwise_op.h"

#include <cstring>
#include <type_traits>

namespace tilestack {

Number::Number(const char* op, const Scalar& value, DType dtype)
    : dtype_(is_float(dtype) && size_of(dtype) == 2 ? DType::float32 : dtype) {
  check(value.kind != Scalar::integer || fits(value.integer_value, dtype),
        "{}: the number {} does not fit a tensor of {}", op, value.integer_value, dtype);
  visit_all(dtype_, [&]<class T>() {
    T number = {};
    if constexpr (__is_same(T, float) || __is_same(T, double)) number = T(value.number);
    if constexpr (std::is_integral_v<T>)
      number = T(value.kind == Scalar::real ? std::int64_t(value.number) : value.integer_value);
    std::memcpy(value_, &number, sizeof number);
  });
}

View Number::view(const Dims& shape) const {
  View view;
  view.pointer = const_cast<char*>(value_);
  view.dtype = dtype_;
  view.ndim = std::int8_t(shape.size());
  view.on_host = true;
  for (int i = 0; i < shape.size(); ++i) view.shape[i] = shape[i];
  return view;
}

bool fits(std::int64_t value, DType dtype) {
  bool fits = true;
  visit_all(dtype, [&]<class T>() {
    if constexpr (std::is_integral_v<T> && !__is_same(T, bool)) fits = std::int64_t(T(value)) == value;
  });
  return fits;
}

DType comparison_dtype(const Operand& a, const Operand& b) {
  const DType dtype = promote(a, b);
  const Operand& other = a.tensor.defined() ? b : a;
  const bool number = !other.tensor.defined() && other.scalar.kind == Scalar::integer;
  return number && !fits(other.scalar.integer_value, dtype) ? DType::int64 : dtype;
}

View expanded(const Tensor& x, const Dims& shape) {
  View view = x;
  const int extra = shape.size() - view.ndim;
  view.ndim = std::int8_t(shape.size());
  for (int i = shape.size() - 1; i >= 0; --i) {
    const bool stretched = i < extra || x.view().shape[i - extra] != shape[i];
    view.strides[i] = stretched ? 0 : x.view().strides[i - extra];
    view.shape[i] = shape[i];
  }
  return view;
}

BinaryInputs::BinaryInputs(const char* op, const Operand& x, const Operand& y, DType dtype_) : dtype(dtype_) {
  if (x.tensor.defined()) a = x.tensor.dtype() == dtype ? x.tensor : as_dtype(x.tensor, dtype);
  if (y.tensor.defined()) b = y.tensor.dtype() == dtype ? y.tensor : as_dtype(y.tensor, dtype);
  check<TypeError>(a.defined() || b.defined(), "{}: wanted at least one tensor, got two numbers", op);
  device = a.defined() ? a.device() : b.device();
  if (a.defined() && b.defined()) {
    check(a.device() == b.device(), "{}: inputs are on different devices, {} and {}", op, a.device(), b.device());
    shape = a.shape() == b.shape() ? a.shape() : broadcast_shapes(op, a.shape(), b.shape());
  } else {
    shape = a.defined() ? a.shape() : b.shape();
    number = Number(op, a.defined() ? y.scalar : x.scalar, dtype);
  }
  a_view = a.defined() ? expanded(a, shape) : number.view(shape);
  b_view = b.defined() ? expanded(b, shape) : number.view(shape);
}

Tensor BinaryInputs::new_result(DType result) const {
  if (a.defined() && a.shape() == shape) return empty_like(a, result);
  if (b.defined() && b.shape() == shape) return empty_like(b, result);
  return empty(shape, result, device);
}

GradientTo::GradientTo(const Operand& x) : wanted(x.tensor.requires_grad()) {
  if (!wanted) return;
  shape = x.tensor.shape();
  dtype = x.tensor.dtype();
}

Tensor GradientTo::operator()(const Tensor& dx) const { return wanted ? as_dtype(sum_to(dx, shape), dtype) : Tensor(); }

Operand SavedOperand::operator*() const {
  Operand x(scalar);
  x.tensor = *tensor;
  return x;
}

void check_writable(const char* op, const Tensor& to) {
  check<RuntimeError>(!grad_enabled() || !to.requires_grad(),
                      "{}: a tensor that requires a gradient can't be written in place; use no_grad() or detach()", op);
  to.view();  // TypeError for None
  check<RuntimeError>(to.impl()->storage->writable, "{}: this tensor's memory is read-only; clone() it first", op);
  for (int i = 0; i < to.dim(); ++i)
    check<RuntimeError>(to.size(i) <= 1 || to.view().strides[i] != 0 || to.numel() == 0,
                        "{}: elements of an expanded tensor share memory; clone() it first", op);
}

void check_writable(const char* op, const Tensor& to, const Dims& shape, DType dtype) {
  check_writable(op, to);
  check(to.shape() == shape, "{}: the result has shape {}, which can't be written in place to {}", op, shape,
        to.shape());
  const auto kind = [](DType d) { return is_float(d) ? 2 : d == DType::bool_ ? 0 : 1; };
  check<TypeError>(kind(dtype) <= kind(to.dtype()), "{}: results of {} can't be written in place to {}", op, dtype,
                   to.dtype());
}

bool overlaps(const Tensor& to, const Tensor& x) {
  if (!x.defined() || x.impl()->storage != to.impl()->storage) return false;
  return x.view().pointer != to.view().pointer || x.shape() != to.shape() || x.strides() != to.strides();
}

Tensor as_float(const Tensor& x) { return is_float(x.dtype()) ? x : as_dtype(x, DType::float32); }

Operand as_bool(const Operand& x) {
  if (x.tensor.defined()) return as_dtype(x.tensor, DType::bool_);
  return Scalar{Scalar::boolean, double(x.scalar.number != 0), x.scalar.number != 0};
}

void check_number(const char* op, const Tensor& x) {
  check<TypeError>(x.dtype() != DType::bool_, "{}: not defined for tensors of bool", op);
}

}  // namespace tilestack

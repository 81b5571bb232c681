#include "core/op.h"
#include "ops/sum/sum.h"

namespace tilestack {
namespace {

enum Kind { boolean, integer, real };

Kind kind_of(DType dtype) { return is_float(dtype) ? real : dtype == DType::bool_ ? boolean : integer; }

DType dtype_of_number(const Scalar& x) {
  return x.kind == Scalar::real ? DType::float32 : x.kind == Scalar::integer ? DType::int64 : DType::bool_;
}

}  // namespace

DType promote(DType a, DType b) {
  if (a == b) return a;
  if (kind_of(a) != kind_of(b)) return kind_of(a) > kind_of(b) ? a : b;
  if (size_of(a) != size_of(b)) return size_of(a) > size_of(b) ? a : b;
  return is_float(a) ? DType::float32 : DType::int32;  // bfloat16 with float16, int8 with uint8
}

DType promote(const Tensor& a, const Tensor& b) {
  const DType x = a.dtype(), y = b.dtype();
  if (x == y) return x;
  if (kind_of(x) == kind_of(y)) {
    if (a.dim() == 0 && b.dim() > 0) return y;
    if (b.dim() == 0 && a.dim() > 0) return x;
  }
  return promote(x, y);
}

DType promote(const Tensor& a, const Scalar& b) {
  const DType number = dtype_of_number(b);
  return kind_of(number) > kind_of(a.dtype()) ? number : a.dtype();
}

DType promote(const Operand& a, const Operand& b) {
  if (a.tensor.defined() && b.tensor.defined()) return promote(a.tensor, b.tensor);
  if (a.tensor.defined()) return promote(a.tensor, b.scalar);
  if (b.tensor.defined()) return promote(b.tensor, a.scalar);
  return promote(dtype_of_number(a.scalar), dtype_of_number(b.scalar));
}

int wrap_dim(const char* op, std::int64_t dim, int ndim) {
  const int range = ndim > 0 ? ndim : 1;
  check<IndexError>(-range <= dim && dim < range, "{}: dim must be in [{}, {}], got {}", op, -range, range - 1, dim);
  return int(dim < 0 ? dim + range : dim);
}

Dims broadcast_shapes(const char* op, const Dims& a, const Dims& b) {
  Dims shape = a.size() >= b.size() ? a : b;
  const Dims& shorter = a.size() >= b.size() ? b : a;
  for (int i = 1; i <= shorter.size(); ++i) {
    const std::int64_t x = shape[-i], y = shorter[-i];
    check(x == y || x == 1 || y == 1, "{}: shapes {} and {} do not broadcast: sizes {} and {} differ", op, a, b, a[-i],
          b[-i]);
    if (x == 1) shape[-i] = y;
  }
  return shape;
}

void check_float(const char* op, const Tensor& x) {
  check<TypeError>(is_float(x.dtype()), "{}: wanted a float tensor, got {}", op, x.dtype());
}

void check_same_device(const char* op, std::initializer_list<Tensor> xs) {
  const Tensor* first = nullptr;
  for (const Tensor& x : xs) {
    if (!x.defined()) continue;
    if (!first) first = &x;
    check(x.device() == first->device(), "{}: inputs are on different devices, {} and {}", op, first->device(),
          x.device());
  }
}

void check_same_dtype(const char* op, std::initializer_list<Tensor> xs) {
  const Tensor* first = nullptr;
  for (const Tensor& x : xs) {
    if (!x.defined()) continue;
    if (!first) first = &x;
    check<TypeError>(x.dtype() == first->dtype(), "{}: inputs must have one dtype, got {} and {}", op, first->dtype(),
                     x.dtype());
  }
}

Tensor sum_to(const Tensor& dy, const Dims& shape) {
  if (dy.shape() == shape) return dy;
  const int extra = dy.dim() - shape.size();
  Dims stretched;
  for (int i = 0; i < dy.dim(); ++i)
    if (i < extra || (shape[i - extra] == 1 && dy.size(i) != 1)) stretched.push_back(i);
  const Tensor y = sum(dy, stretched, true, dy.dtype());
  return extra == 0 ? y : view_of(y, shape, contiguous_strides(shape));
}

}  // namespace tilestack

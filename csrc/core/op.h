#pragma once
// What an op's .cpp needs: tensors, the tape, checks.
#include "core/tape.h"

namespace tilestack {

// Python's numbers; they do not widen a tensor's dtype within its kind.
struct Scalar {
  enum Kind : std::int8_t { boolean, integer, real } kind = real;
  double number = 0;               // the value as a double
  std::int64_t integer_value = 0;  // exact, for boolean and integer
};

// An argument that may be a tensor or a number, as of x + 1. The op turns a number into a 0-d tensor or a kernel
// argument.
struct Operand {
  Tensor tensor;  // undefined: scalar holds
  Scalar scalar;
  Operand(Tensor x) : tensor(std::move(x)) {}
  Operand(Scalar x) : scalar(x) {}
};

// torch's rules: bool < integers < floats; within a kind the wider one; a 0-d tensor yields to one with dimensions of
// the same kind; uint8 with int8 gives int32, bfloat16 with float16 gives float32.
DType promote(DType a, DType b);
DType promote(const Tensor& a, const Tensor& b);
DType promote(const Tensor& a, const Scalar& b);
DType promote(const Operand& a, const Operand& b);

// A dimension counted from either end; IndexError that names the op.
int wrap_dim(const char* op, std::int64_t dim, int ndim);
// numpy's broadcast shape; ValueError that names the op and both shapes.
Dims broadcast_shapes(const char* op, const Dims& a, const Dims& b);

void check_float(const char* op, const Tensor& x);                         // TypeError
void check_same_device(const char* op, std::initializer_list<Tensor> xs);  // ValueError; skips undefined ones
void check_same_dtype(const char* op, std::initializer_list<Tensor> xs);   // TypeError; skips undefined ones

// What a kernel sees of an input that may be left out: an undefined View for an undefined Tensor.
inline View optional_view(const Tensor& x) { return x.defined() ? x.view() : View{}; }
// A contiguous x seen as a matrix: its first `leading` dimensions are the rows, the others the columns.
inline View matrix_view(const Tensor& x, int leading) {
  View matrix = x.view();
  matrix.ndim = 2;
  matrix.shape[0] = matrix.shape[1] = 1;
  for (int i = 0; i < x.dim(); ++i) matrix.shape[i >= leading] *= x.size(i);
  matrix.strides[0] = matrix.shape[1];
  matrix.strides[1] = 1;
  return matrix;
}

// The number of dimensions that x has before its last ones, which must be `last`; ValueError that names the op.
inline int dims_before(const char* op, const Tensor& x, const Dims& last) {
  const int leading = x.dim() - last.size();
  check(leading >= 0 && !last.empty() && Dims(x.view().shape + leading, last.size()) == last,
        "{}: the input's last dimensions must be normalized_shape {}, got shape {}", op, last, x.shape());
  return leading;
}

// For ops that write into x: RuntimeError if the tape would have to know of it, or if the memory is read-only.
void check_in_place(const char* op, const Tensor& x);

// The gradient of a broadcast: sums dy over the dimensions in which `shape` was stretched.
Tensor sum_to(const Tensor& dy, const Dims& shape);

}  // namespace tilestack

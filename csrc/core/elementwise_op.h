#pragma once
// The outside of elementwise ops: promotion, broadcasting, results, gradients. core/elementwise.h is the kernels' side.
#include "core/elementwise_kernels.h"
#include "core/op.h"
#include "ops/copy/copy.h"

namespace tilestack {

// One value as a kernel's operand of any shape; in the dtype, or float32 for the 16-bit floats.
class Number {
 public:
  Number() = default;
  Number(const char* op, const Scalar& value, DType dtype);  // ValueError for an integer that the dtype can't hold
  View view(const Dims& shape) const;

 private:
  alignas(8) char value_[8] = {};
  DType dtype_ = DType::float32;
};

// True if value is within the range of an integer dtype.
bool fits(std::int64_t value, DType dtype);
View expanded(const Tensor& x, const Dims& shape);  // stride 0 where x is stretched

// The inputs of an op on two tensors or numbers, brought to one dtype and shape. Not to be copied.
struct BinaryInputs {
  Tensor a, b;  // undefined: a number
  Number number;
  Dims shape;
  DType dtype;
  Device device;
  View a_view, b_view;

  BinaryInputs(const char* op, const Operand& a, const Operand& b, DType dtype);
  BinaryInputs(const BinaryInputs&) = delete;
  // In the memory order of an input of this shape.
  Tensor new_result(DType dtype) const;
};

inline bool wants_gradient(const Operand& x) { return x.tensor.requires_grad(); }
inline bool wants_gradient(const Operand& a, const Operand& b) {
  return grad_enabled() && (wants_gradient(a) || wants_gradient(b));
}

// Brings the gradient of the broadcast, promoted input back to the input's shape and dtype. Holds no tensor.
struct GradientTo {
  Dims shape;
  DType dtype = DType::float32;
  bool wanted;
  explicit GradientTo(const Operand& x);
  Tensor operator()(const Tensor& dx) const;
};

// An operand kept for backward.
struct SavedOperand {
  Saved tensor;
  Scalar scalar;
  explicit SavedOperand(const Operand& x) : tensor(x.tensor), scalar(x.scalar) {}
  Operand operator*() const;
};

// Where an op writes into a tensor that is there already: RuntimeError unless that is writable and off the tape,
// ValueError unless it has this shape, TypeError unless its dtype can hold the results.
void check_writable(const char* op, const Tensor& to, const Dims& shape, DType dtype);
void check_writable(const char* op, const Tensor& to);
// True if writing `to` could change x before it is read.
bool overlaps(const Tensor& to, const Tensor& x);

// x, or its values as float32 if they are not floats.
Tensor as_float(const Tensor& x);
// True where x is not 0, as bools.
Operand as_bool(const Operand& x);
void check_number(const char* op, const Tensor& x);  // TypeError for bool

enum class Saves { input, output };

template <auto table_on, Saves saves>
Tensor unary_op(const char* name, const Tensor& x) {
  check_number(name, x);
  Tensor y = empty_like(x);
  table_on(x.device()).forward(x, y);
  if (!grad_enabled() || !x.requires_grad()) return y;
  return record(name, y, {x}, [saved = Saved(saves == Saves::input ? x : y.detach())](const Tensor& dy) -> Gradients {
    const Tensor dx = empty_like(*saved);
    table_on(dy.device()).backward(*saved, dy, dx);
    return {dx};
  });
}

// Not recorded.
template <auto table_on>
Tensor binary_map(const char* name, const Operand& a, const Operand& b, DType dtype, DType result) {
  const BinaryInputs in(name, a, b, dtype);
  Tensor y = in.new_result(result);
  table_on(in.device).forward(in.a_view, in.b_view, y);
  return y;
}

// The dtype to compare in: int64 where a number is beyond the tensor's integers, so that 200 > int8 holds.
DType comparison_dtype(const Operand& a, const Operand& b);

template <auto table_on>
Tensor comparison(const char* name, const Operand& a, const Operand& b) {
  return binary_map<table_on>(name, a, b, comparison_dtype(a, b), DType::bool_);
}

template <auto table_on>
Tensor binary_op(const char* name, const Operand& a, const Operand& b, DType dtype) {
  Tensor y = binary_map<table_on>(name, a, b, dtype, dtype);
  if (!wants_gradient(a, b)) return y;
  return record(name, y, {a.tensor, b.tensor},
                [name, dtype, a = SavedOperand(a), b = SavedOperand(b)](const Tensor& dy) -> Gradients {
                  const Operand x = *a, z = *b;
                  const BinaryInputs in(name, x, z, dtype);
                  const auto& table = table_on(in.device);
                  Gradients gradients(2);
                  if (wants_gradient(x)) {
                    gradients[0] = empty_like(dy);
                    table.backward_a(in.a_view, in.b_view, dy, gradients[0]);
                    gradients[0] = GradientTo(x)(gradients[0]);
                  }
                  if (wants_gradient(z)) {
                    gradients[1] = empty_like(dy);
                    table.backward_b(in.a_view, in.b_view, dy, gradients[1]);
                    gradients[1] = GradientTo(z)(gradients[1]);
                  }
                  return gradients;
                });
}

// The form that writes into a tensor which may be an input, as of x.add_(y).
template <auto table_on>
void binary_into(const char* name, const Tensor& to, const Operand& a, const Operand& b, DType dtype) {
  check<RuntimeError>(!wants_gradient(a, b),
                      "{}: an input requires a gradient, which writing in place would lose; use "
                      "no_grad() or the form that returns a new tensor",
                      name);
  const BinaryInputs in(name, a, b, dtype);
  check_writable(name, to, in.shape, dtype);
  if (to.dtype() == dtype && !overlaps(to, in.a) && !overlaps(to, in.b)) {
    table_on(in.device).forward(in.a_view, in.b_view, to);
  } else {
    const Tensor y = in.new_result(dtype);
    table_on(in.device).forward(in.a_view, in.b_view, y);
    copy_into(to, y);
  }
  to.bump_version();
}

}  // namespace tilestack

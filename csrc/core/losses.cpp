#include "core/losses.h"

namespace tilestack {

Tensor pointwise_loss(const char* op, const PointwiseLossKernels& (*kernels)(Device), const Tensor& x, const Tensor& t,
                      LossReduction reduction, bool symmetric, double parameter) {
  check_float(op, x);
  check(x.shape() == t.shape(), "{}: input and target must have the same shape, got {} and {}; reshape one of them", op,
        x.shape(), t.shape());
  check_same_dtype(op, {x, t});
  check_same_device(op, {x, t});
  check(symmetric || !grad_enabled() || !t.requires_grad(), "{}: the target can't have a gradient; detach() it", op);
  const Tensor in = as_contiguous(x), target = as_contiguous(t);
  const Tensor y = empty(reduction == LossReduction::none ? x.shape() : Dims{}, x.dtype(), x.device());
  kernels(x.device()).forward(in, target, y, reduction, parameter);
  return record(
      op, y, {x, t},
      [x, t, in = Saved(in), target = Saved(target), kernels, reduction, parameter](const Tensor& dy) -> Gradients {
        const double scale = reduction == LossReduction::mean ? 1.0 / double(in->numel()) : 1;
        auto gradient = [&](double sign) {
          const Tensor dx = empty_like(*in);
          kernels(dx.device()).backward(*in, *target, as_contiguous(dy), dx, sign * scale, parameter);
          return dx;
        };
        return {x.requires_grad() ? gradient(1) : Tensor(), t.requires_grad() ? gradient(-1) : Tensor()};
      });
}

Tensor class_rows(const Tensor& x) {
  if (x.dim() <= 2) {
    const Tensor dense = as_contiguous(x);
    const std::int64_t classes = dense.view().cols();
    return view_of(dense, {dense.view().rows(), classes}, {classes, 1});
  }
  Dims shape, strides;
  for (int i = 0; i < x.dim(); ++i) {
    const int from = i + 1 == x.dim() ? 1 : i == 0 ? 0 : i + 1;
    shape.push_back(x.size(from));
    strides.push_back(x.view().strides[from]);
  }
  const Tensor dense = as_contiguous(view_of(x, shape, strides));
  return view_of(dense, {dense.view().rows(), x.size(1)}, {x.size(1), 1});
}

Tensor from_class_rows(const Tensor& dx, const Dims& shape) {
  if (shape.size() <= 2) return view_of(dx, shape, contiguous_strides(shape));
  Dims moved;
  for (int i = 0; i < shape.size(); ++i)
    if (i != 1) moved.push_back(shape[i]);
  moved.push_back(shape[1]);
  Dims strides = contiguous_strides(moved);
  const std::int64_t last = strides[-1];
  strides.erase(strides.size() - 1);
  strides.insert(1, last);
  return view_of(dx, shape, strides);
}

ClassRows::ClassRows(const char* op, const Tensor& input, const Tensor& wanted, const Tensor& w) {
  check_float(op, input);
  check(input.dim() >= 1, "{}: input must have shape (C), (N, C) or (N, C, ...), got ()", op);
  check_same_device(op, {input, wanted, w});
  const int axis = input.dim() == 1 ? 0 : 1;
  shape = input.shape();
  shape.erase(axis);
  x = class_rows(input);
  if (is_float(wanted.dtype())) {
    check(wanted.shape() == input.shape(), "{}: probabilities must have the input's shape {}, got {}", op,
          input.shape(), wanted.shape());
    check(!grad_enabled() || !wanted.requires_grad(), "{}: the target can't have a gradient; detach() it", op);
    target = class_rows(as_dtype(wanted, input.dtype()));
  } else {
    check<TypeError>(wanted.dtype() != DType::bool_, "{}: target must hold class indices or probabilities, got bool",
                     op);
    check(wanted.shape() == shape, "{}: input {} needs class indices of shape {}, got {}", op, input.shape(), shape,
          wanted.shape());
    const bool index = wanted.dtype() == DType::int64 || wanted.dtype() == DType::int32;
    target = as_contiguous(index ? wanted : as_dtype(wanted, DType::int64));
    target = view_of(target, {target.numel()}, {1});
  }
  if (!w.defined()) return;
  check(w.dim() == 1 && w.size(0) == classes(), "{}: weight must have shape ({}), one for each class, got {}", op,
        classes(), w.shape());
  weight = as_contiguous(as_dtype(w, input.dtype()));
}

void check_classes(const char* op, const ClassRows& in, std::int64_t row, const ClassLossOptions& options) {
  if (row < 0) return;
  const View& t = in.target;
  const std::int64_t value = t.dtype == DType::int32 ? t.data<std::int32_t>()[row] : t.data<std::int64_t>()[row];
  check<IndexError>(false, "{}: target {} at position {} is out of range for {} classes (ignore_index is {})", op,
                    value, row, in.classes(), options.ignore_index);
}

}  // namespace tilestack

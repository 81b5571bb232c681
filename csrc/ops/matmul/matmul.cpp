#include "ops/matmul/matmul.h"

#include <algorithm>
#include <optional>

#include "core/op.h"
#include "ops/mul/mul.h"

namespace tilestack {
namespace {

View swap_last(View x) {
  std::swap(x.shape[x.ndim - 1], x.shape[x.ndim - 2]);
  std::swap(x.strides[x.ndim - 1], x.strides[x.ndim - 2]);
  return x;
}

View insert_dim(View x, int at) {
  Dims shape(x.shape, x.ndim), strides(x.strides, x.ndim);
  shape.insert(at, 1);
  strides.insert(at, 0);
  std::copy(shape.begin(), shape.end(), x.shape);
  std::copy(strides.begin(), strides.end(), x.strides);
  ++x.ndim;
  return x;
}

View broadcast_batch(View x, const Dims& batch) {
  while (x.ndim < batch.size() + 2) x = insert_dim(x, 0);
  for (int d = 0; d < batch.size(); ++d) {
    if (x.shape[d] != batch[d]) x.strides[d] = 0;
    x.shape[d] = batch[d];
  }
  return x;
}

// x with all but its last dimension counted as one, if its strides allow that. Dimensions of size 1 may have any
// stride.
std::optional<View> merge_rows(const View& x) {
  View matrix = x;
  matrix.ndim = 2;
  matrix.shape[0] = 1;
  matrix.strides[0] = 0;
  for (int d = x.ndim - 2; d >= 0; --d) {
    if (x.shape[d] == 1) continue;
    if (matrix.shape[0] == 1) matrix.strides[0] = x.strides[d];
    if (x.strides[d] != matrix.shape[0] * matrix.strides[0]) return std::nullopt;
    matrix.shape[0] *= x.shape[d];
  }
  matrix.shape[1] = x.size(-1);
  matrix.strides[1] = x.stride(-1);
  return matrix;
}

// a b for views of two and more dimensions; the result has all batch dimensions.
Tensor product(View a, View b, Device device) {
  for (int i = 3; i <= a.ndim && i <= b.ndim; ++i)
    check(a.size(-i) == b.size(-i) || a.size(-i) == 1 || b.size(-i) == 1,
          "matmul: the batches of shapes {} and {} do not broadcast", Dims(a.shape, a.ndim), Dims(b.shape, b.ndim));
  Dims shape = broadcast_shapes("matmul", {a.shape, a.ndim - 2}, {b.shape, b.ndim - 2});
  const Dims batch = shape;
  shape.push_back(a.size(-2));
  shape.push_back(b.size(-1));
  const Tensor y = empty(shape, a.dtype, device);
  if (y.numel() == 0) return y;
  if (a.size(-1) == 1 && device == Device{}) {  // of a column and a row, which a processor has no better way for
    a = broadcast_batch(a, batch);
    b = broadcast_batch(b, batch);
    a.shape[a.ndim - 1] = y.size(-1);
    b.shape[b.ndim - 2] = y.size(-2);
    a.strides[a.ndim - 1] = b.strides[b.ndim - 2] = 0;
    mul_on(device).forward(a, b, y);
    return y;
  }
  const std::optional<View> rows = b.ndim == 2 && a.ndim > 2 ? merge_rows(a) : std::nullopt;
  if (rows) {
    matmul_on(device).forward(*rows, b, *merge_rows(y));
  } else {
    matmul_on(device).forward(broadcast_batch(a, batch), broadcast_batch(b, batch), y);
  }
  return y;
}

View as_row(const Tensor& a) { return a.dim() == 1 ? insert_dim(a, 0) : a.view(); }
View as_column(const Tensor& b) { return b.dim() == 1 ? insert_dim(b, 1) : b.view(); }
Dims shape_of(const View& x) { return {x.shape, x.ndim}; }
Tensor with_shape(const Tensor& x, const Dims& shape) { return view_of(x, shape, contiguous_strides(shape)); }

}  // namespace

Tensor matmul(const Tensor& a, const Tensor& b) {
  check(a.dim() > 0 && b.dim() > 0, "matmul: both operands need at least one dimension, got shapes {} and {}",
        a.shape(), b.shape());
  check_same_dtype("matmul", {a, b});
  check_same_device("matmul", {a, b});
  check<TypeError>(a.dtype() != DType::bool_, "matmul: needs numbers, got {}", a.dtype());
  const View left = as_row(a), right = as_column(b);
  check(left.size(-1) == right.size(-2), "matmul: the last dimension of a {} must match the {} of b {}", a.shape(),
        b.dim() == 1 ? "length" : "second to last", b.shape());

  const Tensor full = product(left, right, a.device());
  Dims shape = full.shape();
  if (b.dim() == 1) shape.erase(shape.size() - 1);
  if (a.dim() == 1) shape.erase(shape.size() - (b.dim() == 1 ? 1 : 2));
  const Tensor y = shape == full.shape() ? full : with_shape(full, shape);

  const Saved kept_a(b.requires_grad() ? a : Tensor()), kept_b(a.requires_grad() ? b : Tensor());
  return record("matmul", y, {a, b}, [a, b, kept_a, kept_b, shape = full.shape()](const Tensor& dy) {
    const Tensor gradient = with_shape(as_contiguous(dy), shape);
    Tensor da, db;
    if (a.requires_grad() && kept_b->defined()) {
      da = product(gradient, swap_last(as_column(*kept_b)), a.device());
      da = with_shape(sum_to(da, shape_of(as_row(a))), a.shape());
    }
    if (b.requires_grad() && kept_a->defined()) {
      const View left = as_row(*kept_a);
      const std::optional<View> rows = b.dim() == 2 && a.dim() > 2 && dy.numel() > 0 ? merge_rows(left) : std::nullopt;
      db = rows ? product(swap_last(*rows), *merge_rows(gradient), b.device())
                : product(swap_last(left), gradient, b.device());
      db = with_shape(sum_to(db, shape_of(as_column(b))), b.shape());
    }
    return Gradients{da, db};
  });
}

}  // namespace tilestack

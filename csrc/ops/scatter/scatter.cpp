#include "ops/scatter/scatter.h"

#include <cmath>
#include <limits>
#include <type_traits>

#include "core/index_tensor.h"
#include "core/views.h"
#include "ops/copy/copy.h"
#include "ops/fill/fill.h"
#include "ops/gather/gather.h"

namespace tilestack {
namespace {

int check_scatter(const char* op, const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source) {
  check_index_dtype(op, "the index", index);
  check_same_device(op, {x, index, source});
  const int at = wrap_dim(op, dim, x.dim() == 0 ? 1 : x.dim());
  bool fits = index.dim() == x.dim();
  for (int i = 0; fits && i < x.dim(); ++i) fits = i == at || index.size(i) <= x.size(i);
  check(fits,
        "{}: the index must have as many dimensions as the input and, but for dimension {}, be no larger than {}, got "
        "{}",
        op, at, x.shape(), index.shape());
  if (!source.defined()) return at;
  check_same_dtype(op, {x, source});
  fits = source.dim() == index.dim();
  for (int i = 0; fits && i < x.dim(); ++i) fits = index.size(i) <= source.size(i);
  check(fits, "{}: the index must be no larger than the source of shape {}, got {}", op, source.shape(), index.shape());
  return at;
}

// The part of a source that an index of this shape takes.
Tensor corner(const Tensor& source, const Dims& shape) { return view_of(source, shape, source.strides()); }

Tensor scatter_copy(const Tensor& x, DType dtype) {
  const Tensor y = empty(x.shape(), dtype, x.device());
  copy_into(y, x);
  return y;
}

// `to` is contiguous.
template <class Write>
void write(const char* op, const Write& kernel, const Tensor& source, const Tensor& index, const Tensor& to, int dim) {
  const Tensor picks = dense_with_dims(index), whole = dense_with_dims(to);
  const std::int64_t bad = kernel(dense_with_dims(source), picks, whole, dim, op);
  check<IndexError>(bad < 0, "{}: index {} is out of range for dimension {} of size {}", op,
                    bad < 0 ? 0 : index_at(picks, bad), dim, whole.size(dim));
}

Tensor filled(const Dims& shape, const Scalar& value, const Tensor& like) {
  const Tensor y = empty(shape, like.dtype(), like.device());
  fill_into(y, value);
  return y;
}

// What folding begins with: 1, or what every number replaces.
Tensor start_of(Fold with, const Dims& shape, const Tensor& like) {
  if (with == Fold::product) return filled(shape, {Scalar::integer, 1, 1}, like);
  const bool low = with == Fold::larger;
  if (is_float(like.dtype())) return filled(shape, {Scalar::real, low ? -HUGE_VAL : HUGE_VAL, 0}, like);
  Scalar limit{Scalar::integer, 0, 0};
  visit_all(like.dtype(), [&]<class T>() {
    if constexpr (std::is_integral_v<T>)
      limit.integer_value = std::int64_t(low ? std::numeric_limits<T>::min() : std::numeric_limits<T>::max());
  });
  return filled(shape, limit, like);
}

// dy of what a source of this shape gave.
Tensor picked_gradient(const Tensor& dy, std::int64_t dim, const Tensor& index, const Dims& shape) {
  const Tensor part = gather(dy, dim, index);
  if (index.shape() == shape) return part;
  const Tensor ds = zeros(shape, dy.dtype(), dy.device());
  copy_into(corner(ds, index.shape()), part);
  return ds;
}

void write_back(const Tensor& x, const Tensor& y) {
  copy_into(x, y);
  x.bump_version();
}

// x and what goes with it, of one dimension where it has none.
Tensor at_least_1d(const Tensor& x) { return x.defined() && x.dim() == 0 ? reshape(x, {1}) : x; }

}  // namespace

Tensor scatter(const Tensor& x, std::int64_t dim, const Tensor& index, const Operand& source) {
  if (x.dim() == 0 && index.dim() == 1) {
    const Operand row = source.tensor.defined() ? Operand(at_least_1d(source.tensor)) : source;
    return reshape(scatter(at_least_1d(x), dim, index, row), {});
  }
  const int at = check_scatter("scatter", x, dim, index, source.tensor);
  const Tensor y = scatter_copy(x, x.dtype());
  const Tensor values =
      source.tensor.defined() ? corner(source.tensor, index.shape()) : filled(index.shape(), source.scalar, x);
  write("scatter", gather_on(x.device()).put, values, index, y, at);
  return record("scatter", y, {x, source.tensor},
                [x, source = source.tensor, index = Saved(index), at](const Tensor& dy) -> Gradients {
                  Gradients gradients(2);
                  if (x.requires_grad()) {
                    gradients[0] = scatter_copy(dy, dy.dtype());
                    const Tensor none = zeros(index->shape(), dy.dtype(), dy.device());
                    write("scatter", gather_on(dy.device()).put, none, *index, gradients[0], at);
                  }
                  if (source.requires_grad()) gradients[1] = picked_gradient(dy, at, *index, source.shape());
                  return gradients;
                });
}

Tensor scatter_add(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source) {
  const int at = check_scatter("scatter_add", x, dim, index, source);
  check<TypeError>(x.dtype() != DType::bool_, "scatter_add: needs numbers, got bool");
  const DType sum_dtype = is_float(x.dtype()) ? compute_dtype(x.dtype()) : x.dtype();
  const Tensor sum = scatter_copy(x, sum_dtype);
  write("scatter_add", gather_on(x.device()).add, as_dtype(corner(source, index.shape()), sum_dtype), index, sum, at);
  return record("scatter_add", as_dtype(sum, x.dtype()), {x, source},
                [x, source, index = Saved(index), at](const Tensor& dy) -> Gradients {
                  return {dy, source.requires_grad() ? picked_gradient(dy, at, *index, source.shape()) : Tensor()};
                });
}

Tensor scatter_fold(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source,
                    const std::string& reduce, bool include_self) {
  const int at = check_scatter("scatter_reduce", x, dim, index, source);
  check<TypeError>(x.dtype() != DType::bool_, "scatter_reduce: needs numbers, got bool");
  const Fold with = reduce == "prod" ? Fold::product : reduce == "amax" ? Fold::larger : Fold::smaller;
  const DType dtype = is_float(x.dtype()) ? compute_dtype(x.dtype()) : x.dtype();
  const Tensor y = scatter_copy(x, dtype);
  if (!include_self) write("scatter_reduce", gather_on(x.device()).put, start_of(with, index.shape(), y), index, y, at);
  const auto fold = [&](View values, View picks, View whole, int d, const char* op) {
    return gather_on(x.device()).fold(values, picks, whole, d, op, with);
  };
  write("scatter_reduce", fold, as_dtype(corner(source, index.shape()), dtype), index, y, at);
  return as_dtype(y, x.dtype());
}

void scatter_into(const Tensor& x, std::int64_t dim, const Tensor& index, const Operand& source) {
  check_in_place("scatter_", x);
  const NoGrad no_grad;
  write_back(x, scatter(x, dim, index, source));
}

void scatter_add_into(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source) {
  check_in_place("scatter_add_", x);
  const NoGrad no_grad;
  write_back(x, scatter_add(x, dim, index, source));
}

}  // namespace tilestack

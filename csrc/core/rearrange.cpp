#include "core/rearrange.h"

#include <algorithm>
#include <optional>

#include "core/device.h"
#include "core/elementwise_op.h"
#include "core/views.h"
#include "ops/add/add.h"
#include "ops/cat/cat.h"
#include "ops/copy/copy.h"
#include "ops/gather/gather.h"
#include "ops/index/index.h"
#include "ops/lt/lt.h"
#include "ops/mul/mul.h"
#include "ops/where/where.h"

namespace tilestack {
namespace {

Tensor copied_like(const Tensor& x) {
  const Tensor y = empty_like(x);
  copy_into(y, x);
  return record("clone", y, {x}, [](const Tensor& dy) -> Gradients { return {dy}; });
}

Tensor roll_along(const Tensor& x, int dim, std::int64_t shift) {
  const std::int64_t n = x.size(dim), cut = n == 0 ? 0 : ((-shift) % n + n) % n;
  if (cut == 0) return x;
  return cat({slice(x, dim, cut, n, 1), slice(x, dim, 0, cut, 1)}, dim);
}

// Each slice `times` times: in a row, or the whole again and again.
Tensor repeated(const Tensor& x, int dim, std::int64_t times, bool slices) {
  const Tensor spread = unsqueeze(x, slices ? dim + 1 : dim);
  Dims shape = spread.shape(), result = x.shape();
  shape[slices ? dim + 1 : dim] = times;
  result[dim] *= times;
  return reshape(expand(spread, shape), result);
}

struct At {
  Tensor x;
  int dim;
};
At flattened_without(const char* op, const Tensor& x, const std::optional<std::int64_t>& dim) {
  if (!dim || x.dim() == 0) return {reshape(x, {x.numel()}), 0};
  return {x, wrap_dim(op, *dim, x.dim())};
}

}  // namespace

Tensor flip(const Tensor& x, const Dims& dims) {
  Tensor y = x;
  bool seen[kMaxDims] = {};
  for (std::int64_t dim : dims) {
    const int at = wrap_dim("flip", dim, x.dim());
    check(!seen[at], "flip: dimension {} is there twice in {}", at, dims);
    seen[at] = true;
    if (x.dim() == 0) continue;
    const Tensor order = empty({x.size(at)}, DType::int64);
    for (std::int64_t i = 0; i < x.size(at); ++i) order.data<std::int64_t>()[i] = x.size(at) - 1 - i;
    y = index_select(y, at, order);
  }
  return y == x ? copied_like(x) : y;
}

Tensor roll(const Tensor& x, const Dims& shifts, const std::optional<Dims>& dims) {
  if (!dims || dims->empty()) {
    check(shifts.size() == 1, "roll: wanted one shift where there are no dims, got {}", shifts);
    return reshape(roll(reshape(x, {x.numel()}), shifts, Dims{0}), x.shape());
  }
  check(shifts.size() == dims->size(), "roll: wanted one shift for each of dims {}, got {}", *dims, shifts);
  Tensor y = x;
  for (int i = 0; i < shifts.size(); ++i) y = roll_along(y, wrap_dim("roll", (*dims)[i], x.dim()), shifts[i]);
  return y == x ? copied_like(x) : y;
}

Tensor repeat(const Tensor& x, const Dims& sizes) {
  check(sizes.size() >= x.dim(), "repeat: wanted at least {} numbers for shape {}, got {}", x.dim(), x.shape(), sizes);
  Dims shape = x.shape();
  while (shape.size() < sizes.size()) shape.insert(0, 1);
  Tensor y = reshape(x, shape);
  bool copied = false;
  for (int i = 0; i < sizes.size(); ++i) {
    check(sizes[i] >= 0, "repeat: numbers must not be negative, got {}", sizes);
    if (sizes[i] == 1) continue;
    y = repeated(y, i, sizes[i], false);
    copied = true;
  }
  return copied ? y : copied_like(y);
}

Tensor tile(const Tensor& x, Dims sizes) {
  while (sizes.size() < x.dim()) sizes.insert(0, 1);
  return repeat(x, sizes);
}

Tensor repeat_interleave(const Tensor& x, std::int64_t repeats, const std::optional<std::int64_t>& dim) {
  check(repeats >= 0, "repeat_interleave: repeats must not be negative, got {}", repeats);
  const At in = flattened_without("repeat_interleave", x, dim);
  return repeats == 1 ? copied_like(in.x) : repeated(in.x, in.dim, repeats, true);
}

Tensor repeat_interleave(const Tensor& x, const Tensor& repeats, const std::optional<std::int64_t>& dim) {
  const At in = flattened_without("repeat_interleave", x, dim);
  const std::int64_t n = in.x.size(in.dim);
  check(!is_float(repeats.dtype()) && repeats.dim() <= 1 && (repeats.numel() == 1 || repeats.numel() == n),
        "repeat_interleave: repeats must be {} integers, got {} of shape {}", n, repeats.dtype(), repeats.shape());
  const Tensor counts = as_contiguous(as_dtype(to_device(repeats.detach(), Device{}), DType::int64));
  const auto count = [&](std::int64_t i) { return counts.data<std::int64_t>()[counts.numel() == 1 ? 0 : i]; };
  std::int64_t total = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    check(count(i) >= 0, "repeat_interleave: repeats must not be negative, got {}", count(i));
    total += count(i);
  }
  const Tensor picks = empty({total}, DType::int64);
  std::int64_t* to = picks.data<std::int64_t>();
  for (std::int64_t i = 0; i < n; ++i) to = std::fill_n(to, count(i), i);
  return index_select(in.x, in.dim, picks);
}

Tensor diag(const Tensor& x, std::int64_t offset) {
  check(x.dim() == 1 || x.dim() == 2, "diag: wanted 1 or 2 dimensions, got shape {}", x.shape());
  if (x.dim() == 2) return copied_like(diagonal(x, offset, 0, 1));
  const std::int64_t n = x.size(0) + (offset < 0 ? -offset : offset);
  const Tensor y = zeros({n, n}, x.dtype(), x.device());
  {
    const NoGrad no_grad;
    copy_into(diagonal(y, offset, 0, 1), x);
  }
  return record("diag", y, {x}, [offset](const Tensor& dy) -> Gradients { return {diagonal(dy, offset, 0, 1)}; });
}

Tensor masked_fill(const Tensor& x, const Tensor& mask, const Operand& value) {
  check<TypeError>(mask.dtype() == DType::bool_, "masked_fill: the mask must be bool, got {}", mask.dtype());
  check(!value.tensor.defined() || value.tensor.dim() == 0, "masked_fill: the value must be a number, got shape {}",
        value.tensor.defined() ? value.tensor.shape() : Dims{});
  if (x.dtype() == DType::bool_ && !value.tensor.defined()) return where(mask, as_bool(value), x);
  check<TypeError>(promote(Operand(x), value) == x.dtype(), "masked_fill: the value does not fit into {}", x.dtype());
  return where(mask, value, x);
}

Tensor masked_select(const Tensor& x, const Tensor& mask) {
  check<TypeError>(mask.dtype() == DType::bool_, "masked_select: the mask must be bool, got {}", mask.dtype());
  Dims shape = broadcast_shapes("masked_select", x.shape(), mask.shape());
  if (shape.empty()) shape = {1};
  return index(expand(x, shape), {as_contiguous(expand(mask, shape))});
}

Tensor take_along_dim(const Tensor& x, const Tensor& indices, const std::optional<std::int64_t>& dim) {
  if (!dim) return take_along_dim(reshape(x, {x.numel()}), reshape(indices, {indices.numel()}), 0);
  check(x.dim() == indices.dim(),
        "take_along_dim: input and indices must have as many dimensions, got shapes {} and {}", x.shape(),
        indices.shape());
  const int at = wrap_dim("take_along_dim", *dim, x.dim());
  Dims from = x.shape(), picks = indices.shape();
  const std::int64_t size = from[at], count = picks[at];
  from[at] = picks[at] = 1;
  Dims shape = broadcast_shapes("take_along_dim", from, picks);
  shape[at] = size;
  const Tensor in = expand(x, shape);
  shape[at] = count;
  const Scalar zero{Scalar::integer, 0, 0}, whole{Scalar::integer, double(size), size};
  return gather(in, at, expand(where(lt(indices, zero), add(indices, whole), indices), shape));
}

Tensor index_add(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source, const Scalar& alpha) {
  check_same_dtype("index_add", {x, source});
  check_same_device("index_add", {x, index, source});
  if (x.dim() == 0)
    return reshape(index_add(reshape(x, {1}), dim, index, reshape(source, {source.numel()}), alpha), {});
  const int at = wrap_dim("index_add", dim, x.dim());
  check(index.dim() <= 1, "index_add: the index must be one-dimensional, got shape {}", index.shape());
  Dims shape = x.shape();
  shape[at] = index.numel();
  check(source.shape() == shape, "index_add: the source must have shape {}, got {}", shape, source.shape());
  if (alpha.number != 1) return index_add(x, at, index, mul(source, alpha), {Scalar::integer, 1, 1});

  // Sums of 16-bit floats are rounded once, at the end.
  const DType sum_dtype = is_float(x.dtype()) ? compute_dtype(x.dtype()) : x.dtype();
  const Tensor sum = empty(x.shape(), sum_dtype, x.device());
  copy_into(sum, x);
  std::vector<Tensor> all(at + 1);
  all[at] = index.dim() == 0 ? view_of(index, {1}, {1}) : index;
  index_put(sum, all, as_dtype(source.detach(), sum_dtype), true);
  return record(
      "index_add", as_dtype(sum, x.dtype()), {x, source},
      [index = Saved(index), at](const Tensor& dy) -> Gradients { return {dy, index_select(dy, at, *index)}; });
}

Tensor pixel_shuffle(const Tensor& x, std::int64_t r) {
  check(x.dim() >= 3 && x.dim() <= kMaxDims - 2 && r > 0 && x.size(-3) % (r * r) == 0,
        "pixel_shuffle: wanted shape (..., channels, height, width) with channels a multiple of {}^2, got {}", r,
        x.shape());
  const int n = x.dim() - 3;
  const std::int64_t channels = x.size(-3) / (r * r), height = x.size(-2), width = x.size(-1);
  Dims split, order, shape;
  for (int i = 0; i < n; ++i) split.push_back(x.size(i)), order.push_back(i), shape.push_back(x.size(i));
  for (std::int64_t size : {channels, r, r, height, width}) split.push_back(size);
  for (int i : {0, 3, 1, 4, 2}) order.push_back(n + i);
  for (std::int64_t size : {channels, height * r, width * r}) shape.push_back(size);
  return reshape(permute(reshape(x, split), order), shape);
}

Tensor pixel_unshuffle(const Tensor& x, std::int64_t r) {
  check(x.dim() >= 3 && x.dim() <= kMaxDims - 2 && r > 0 && x.size(-2) % r == 0 && x.size(-1) % r == 0,
        "pixel_unshuffle: wanted shape (..., channels, height, width) with height and width multiples of {}, got {}", r,
        x.shape());
  const int n = x.dim() - 3;
  const std::int64_t channels = x.size(-3), height = x.size(-2) / r, width = x.size(-1) / r;
  Dims split, order, shape;
  for (int i = 0; i < n; ++i) split.push_back(x.size(i)), order.push_back(i), shape.push_back(x.size(i));
  for (std::int64_t size : {channels, height, r, width, r}) split.push_back(size);
  for (int i : {0, 2, 4, 1, 3}) order.push_back(n + i);
  for (std::int64_t size : {channels * r * r, height, width}) shape.push_back(size);
  return reshape(permute(reshape(x, split), order), shape);
}

std::vector<Tensor> meshgrid(const std::vector<Tensor>& tensors, const std::string& indexing) {
  check(indexing == "ij" || indexing == "xy", "meshgrid: indexing must be \"ij\" or \"xy\", got \"{}\"", indexing);
  Dims shape;
  for (const Tensor& x : tensors) {
    check(x.dim() <= 1, "meshgrid: tensors must have at most one dimension, got shape {}", x.shape());
    shape.push_back(x.numel());
  }
  std::vector<Tensor> grids;
  for (int i = 0; i < shape.size(); ++i) {
    Dims line = shape;
    for (int j = 0; j < shape.size(); ++j) line[j] = i == j ? shape[i] : 1;
    const Tensor grid = expand(reshape(tensors[i], line), shape);
    grids.push_back(indexing == "xy" && shape.size() > 1 ? transpose(grid, 0, 1) : grid);
  }
  return grids;
}

}  // namespace tilestack

#include "ops/index/index.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>

#include "core/device.h"
#include "core/index_tensor.h"
#include "core/views.h"
#include "ops/copy/copy.h"
#include "ops/nonzero/nonzero.h"

namespace tilestack {
namespace {

// What the kernels need of x[indices].
struct Plan {
  View rest;
  int before = 0;
  Tensor offsets;
  std::int64_t low = 0, step = 0, span = 1;
  Dims shape;  // of the result
  Picked picked() const { return {offsets, low, step, span}; }
};

// Indices may come from the CPU.
Tensor beside(const Tensor& x, const Tensor& index) {
  if (index.device() == x.device()) return index;
  check(index.device().kind == Device::cpu, "index: the index is on {}, the tensor on {}", index.device(), x.device());
  return to_device(index, x.device());
}

Tensor copied(const Tensor& x, const Dims& shape) {
  const Tensor y = empty(shape, x.dtype(), x.device());
  copy_into(y, x);
  return y;
}

// The values in contiguous memory.
Tensor broadcast(const Tensor& x, const Dims& shape) {
  return x.shape() == shape ? as_contiguous(x) : copied(x, shape);
}

// One entry for each dimension of x: integer tensors of one shape, or undefined.
std::vector<Tensor> expand_indices(const Tensor& x, const std::vector<Tensor>& indices) {
  std::vector<Tensor> whole;
  for (const Tensor& index : indices) {
    const int dim = int(whole.size());
    if (!index.defined() || index.dtype() != DType::bool_) {
      whole.push_back(index);
      continue;
    }
    for (int i = 0; i < index.dim(); ++i)
      check<IndexError>(dim + i < x.dim() && index.size(i) == x.size(dim + i),
                        "index: a mask of shape {} does not fit a tensor of shape {} at dimension {}", index.shape(),
                        x.shape(), dim + i);
    for (const Tensor& where : nonzero(index)) whole.push_back(where);
  }
  check<IndexError>(int(whole.size()) <= x.dim(), "index: {} indices for a tensor of shape {}", whole.size(),
                    x.shape());
  whole.resize(x.dim());

  Dims shape;
  for (const Tensor& index : whole) {
    if (!index.defined()) continue;
    check<IndexError>(index.dtype() == DType::int64 || index.dtype() == DType::int32,
                      "index: an index tensor must be int64, int32 or bool, got {}", index.dtype());
    shape = broadcast_shapes("index", shape, index.shape());
  }
  for (Tensor& index : whole)
    if (index.defined()) index = broadcast(beside(x, index), shape);
  return whole;
}

Plan make_plan(const Tensor& x, const std::vector<Tensor>& indices) {
  int first = -1, last = -1, count = 0;
  for (int i = 0; i < x.dim(); ++i)
    if (indices[i].defined()) {
      if (first < 0) first = i;
      last = i;
      ++count;
    }
  check<IndexError>(count > 0, "index: no index tensor among the indices");
  Plan plan;
  plan.rest = x.view();
  plan.rest.ndim = 0;
  for (int i = 0; i < x.dim(); ++i) {
    if (indices[i].defined()) continue;
    plan.rest.shape[plan.rest.ndim] = x.size(i);
    plan.rest.strides[plan.rest.ndim++] = x.view().strides[i];
  }
  plan.before = last - first + 1 == count ? first : 0;
  for (int i = 0; i < plan.before; ++i) plan.shape.push_back(plan.rest.shape[i]);
  for (std::int64_t size : indices[first].shape()) plan.shape.push_back(size);
  for (int i = plan.before; i < plan.rest.ndim; ++i) plan.shape.push_back(plan.rest.shape[i]);

  plan.offsets = zeros({indices[first].numel()}, DType::int64, x.device());
  for (int i = first; i <= last; ++i) {
    if (!indices[i].defined()) continue;
    const std::int64_t stride = x.view().strides[i], last = stride * (x.size(i) - 1);
    if (last != 0) plan.step = std::gcd(plan.step, stride);
    plan.low += std::min<std::int64_t>(last, 0);
    plan.span += std::abs(last);
    const std::int64_t bad = index_on(x.device()).locate(indices[i], plan.offsets, x.size(i), stride);
    check<IndexError>(bad < 0, "index: index {} is out of range for dimension {} of size {}",
                      bad < 0 ? 0 : index_at(indices[i], bad), i, x.size(i));
  }
  return plan;
}

}  // namespace

Tensor index(const Tensor& x, const std::vector<Tensor>& indices) {
  const std::vector<Tensor> whole = expand_indices(x, indices);
  const Plan plan = make_plan(x, whole);
  const Tensor y = empty(plan.shape, x.dtype(), x.device());
  index_on(x.device()).forward(plan.rest, plan.picked(), y, plan.before);
  return record(
      "index", y, {x},
      [size = x.shape(), whole = std::vector<Saved>(whole.begin(), whole.end())](const Tensor& dy) -> Gradients {
        std::vector<Tensor> indices;
        for (const Saved& index : whole) indices.push_back(*index);
        const DType sum_dtype = is_float(dy.dtype()) ? compute_dtype(dy.dtype()) : dy.dtype();
        const Tensor dx = zeros(size, sum_dtype, dy.device());
        const Plan plan = make_plan(dx, indices);
        index_on(dy.device()).put(plan.rest, plan.picked(), as_contiguous(as_dtype(dy, sum_dtype)), plan.before, true);
        return {as_dtype(dx, dy.dtype())};
      });
}

void index_put(const Tensor& x, const std::vector<Tensor>& indices, const Tensor& value, bool accumulate) {
  check(value.dtype() == x.dtype(), "index_put: the value must be {}, got {}", x.dtype(), value.dtype());
  check(!accumulate || x.dtype() != DType::bool_, "index_put: accumulate needs numbers, got bool");
  const Plan plan = make_plan(x, expand_indices(x, indices));
  check(value.dim() <= plan.shape.size() && broadcast_shapes("index_put", value.shape(), plan.shape) == plan.shape,
        "index_put: a value of shape {} does not fit into shape {}", value.shape(), plan.shape);
  // All is read before anything is written.
  const bool shared = value.impl()->storage == x.impl()->storage;
  const Tensor near = value.device() == x.device() ? value : to_device(value.detach(), x.device());
  const Tensor source = broadcast(shared ? copied(value, value.shape()) : near, plan.shape);
  index_on(x.device()).put(plan.rest, plan.picked(), source, plan.before, accumulate);
  x.bump_version();
}

Tensor index_select(const Tensor& x, std::int64_t dim, const Tensor& indices) {
  if (x.dim() == 0) {
    check(indices.numel() == 1, "index_select: a tensor without dimensions has one element, got {} indices",
          indices.numel());
    return reshape(index_select(reshape(x, {1}), dim, indices), {});
  }
  const int at = wrap_dim("index_select", dim, x.dim());
  check(indices.dim() <= 1, "index_select: the index must be one-dimensional, got shape {}", indices.shape());
  check_index_dtype("index_select", "the index", indices);
  std::vector<Tensor> all(at + 1);
  all[at] = indices.dim() == 0 ? view_of(indices, {1}, {1}) : indices;
  return index(x, all);
}

}  // namespace tilestack

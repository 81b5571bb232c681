#include "core/views.h"

#include <algorithm>

#include "ops/copy/copy.h"

namespace tilestack {
namespace {

// wrap_dim, of a tensor that has dimensions.
int existing_dim(const char* op, std::int64_t dim, const Tensor& x) {
  check<IndexError>(x.dim() > 0, "{}: a tensor without dimensions has no dimension {}", op, dim);
  return wrap_dim(op, dim, x.dim());
}

// Replaces -1 and checks that the sizes fit.
Dims complete_shape(const char* op, const Tensor& x, Dims shape) {
  int open = -1;
  for (int i = 0; i < shape.size(); ++i) {
    if (shape[i] == -1) {
      check(open < 0, "{}: only one size may be -1, got {}", op, shape);
      open = i;
    } else {
      check(shape[i] >= 0, "{}: sizes must not be negative, got {}", op, shape);
    }
  }
  if (open >= 0) {
    Dims known = shape;
    known[open] = 1;
    const std::int64_t n = known.numel();
    check(n > 0 && x.numel() % n == 0, "{}: can't make shape {} from shape {}", op, shape, x.shape());
    shape[open] = x.numel() / n;
  }
  check_size(op, shape);
  check(shape.numel() == x.numel(), "{}: shape {} has {} elements, shape {} has {}", op, x.shape(), x.numel(), shape,
        shape.numel());
  return shape;
}

// Strides with which x's memory has the new shape; false if there are none. Dimensions of x that follow each other in
// memory form a run; each run is split among the new dimensions, from the last one on.
bool strides_for(const View& x, const Dims& shape, Dims& strides) {
  strides = contiguous_strides(shape);
  if (x.numel() == 0 || x.is_contiguous()) return true;
  Dims sizes, steps;
  for (int i = 0; i < x.ndim; ++i) {
    if (x.shape[i] == 1) continue;
    sizes.push_back(x.shape[i]);
    steps.push_back(x.strides[i]);
  }
  int to = shape.size() - 1;
  for (int from = sizes.size() - 1; from >= 0;) {
    const std::int64_t base = steps[from];
    std::int64_t run = sizes[from--], used = 1;
    while (from >= 0 && steps[from] == base * run) run *= sizes[from--];
    for (; to >= 0 && used < run; used *= shape[to--]) strides[to] = base * used;
    if (used != run) return false;
  }
  for (; to >= 0; --to) strides[to] = 1;
  return true;
}

Tensor recorded_view(const char* name, const Tensor& x, const Dims& shape, const Dims& strides) {
  return record(name, view_of(x, shape, strides), {x}, [from = x.shape()](const Tensor& dy) -> Gradients {
    Dims strides;
    if (strides_for(dy, from, strides)) return {view_of(dy, from, strides)};
    return {view_of(as_contiguous(dy), from, contiguous_strides(from))};
  });
}

Tensor zeros_like_input(const Dims& shape, const Tensor& dy) { return zeros(shape, dy.dtype(), dy.device()); }

// The part of x that starts at `start` in dimension dim, `count` long in steps of `step`.
Tensor part_of(const Tensor& x, int dim, std::int64_t start, std::int64_t count, std::int64_t step) {
  Dims shape = x.shape(), strides = x.strides();
  const std::int64_t offset = start * strides[dim];
  shape[dim] = count;
  strides[dim] *= step;
  return view_of(x, shape, strides, offset);
}

// The contiguous tensor of this shape whose memory the parts are already; undefined if they are not.
Tensor whole_of(const std::vector<Tensor>& parts, const Dims& shape, int dim) {
  const Dims strides = contiguous_strides(shape);
  const Tensor& first = parts[0];
  const auto* at = static_cast<const char*>(first.view().pointer);
  for (const Tensor& part : parts) {
    const View& view = part;
    if (part.impl()->storage.get() != first.impl()->storage.get() || view.pointer != at) return {};
    for (int i = 0; i < view.ndim; ++i)
      if (view.shape[i] > 1 && view.strides[i] != strides[i]) return {};
    at += view.shape[dim] * strides[dim] * std::int64_t(size_of(view.dtype));
  }
  return view_of(first, shape, strides);
}

std::vector<Tensor> recorded_parts(const char* name, const Tensor& x, std::vector<Tensor> parts, int dim,
                                   const std::vector<std::int64_t>& sizes) {
  return record_many(name, std::move(parts), {x}, [from = x.shape(), sizes, dim](const Gradients& dys) -> Gradients {
    const auto some = std::find_if(dys.begin(), dys.end(), [](const Tensor& dy) { return dy.defined(); });
    const bool all = std::all_of(dys.begin(), dys.end(), [](const Tensor& dy) { return dy.defined(); });
    if (all)
      if (Tensor whole = whole_of(dys, from, dim); whole.defined()) return {whole};
    Tensor dx = all ? empty(from, some->dtype(), some->device()) : zeros_like_input(from, *some);
    std::int64_t start = 0;
    for (std::size_t i = 0; i < dys.size(); start += sizes[i], ++i)
      if (dys[i].defined()) copy_into(part_of(dx, dim, start, sizes[i], 1), dys[i]);
    return {dx};
  });
}

}  // namespace

Tensor alias(const Tensor& x) { return recorded_view("alias", x, x.shape(), x.strides()); }

Tensor reshape(const Tensor& x, const Dims& wanted) {
  const Dims shape = complete_shape("reshape", x, wanted);
  Dims strides;
  if (strides_for(x, shape, strides)) return recorded_view("reshape", x, shape, strides);
  return reshape(contiguous(x), shape);
}

Tensor view(const Tensor& x, const Dims& wanted) {
  const Dims shape = complete_shape("view", x, wanted);
  Dims strides;
  check(strides_for(x, shape, strides), "view: memory of shape {} with strides {} can't be seen as {}; use reshape",
        x.shape(), x.strides(), shape);
  return recorded_view("view", x, shape, strides);
}

Tensor view(const Tensor& x, DType dtype) {
  const std::int64_t from = std::int64_t(size_of(x.dtype())), to = std::int64_t(size_of(dtype));
  check<RuntimeError>(!x.requires_grad(), "view: a tensor that requires a gradient can't be seen as {}; use detach()",
                      dtype);
  check<TypeError>(dtype != DType::bool_ || x.dtype() == DType::bool_,
                   "view: bytes of {} may be other than 0 and 1, so they can't be seen as bool; use x != 0", x.dtype());
  Dims shape = x.shape(), strides = x.strides();
  if (from != to) {
    check(x.dim() > 0 && x.is_contiguous(),
          "view: wanted a contiguous tensor to see {} as {}, got shape {}, strides {}", x.dtype(), dtype, shape,
          strides);
    check(shape[-1] * from % to == 0 && reinterpret_cast<std::uintptr_t>(x.view().pointer) % std::size_t(to) == 0,
          "view: rows of {} elements of {} are no whole number of aligned elements of {}", shape[-1], x.dtype(), dtype);
    shape[-1] = shape[-1] * from / to;
    strides = contiguous_strides(shape);
  }
  const Tensor y = view_of(x, shape, strides);
  y.impl()->dtype = dtype;
  return y;
}

Tensor flatten(const Tensor& x, std::int64_t start_dim, std::int64_t end_dim) {
  if (x.dim() == 0) return reshape(x, {1});
  const int start = wrap_dim("flatten", start_dim, x.dim()), end = wrap_dim("flatten", end_dim, x.dim());
  check(start <= end, "flatten: start_dim {} comes after end_dim {}", start_dim, end_dim);
  Dims shape;
  std::int64_t flat = 1;
  for (int i = 0; i < x.dim(); ++i) {
    if (i < start || i > end) {
      shape.push_back(x.size(i));
    } else {
      flat *= x.size(i);
      if (i == end) shape.push_back(flat);
    }
  }
  return start == end ? x : reshape(x, shape);
}

Tensor unflatten(const Tensor& x, std::int64_t dim, const Dims& sizes) {
  const int at = existing_dim("unflatten", dim, x);
  Dims inner = complete_shape("unflatten", view_of(x, {x.size(at)}, {x.strides()[at]}), sizes);
  Dims shape;
  for (int i = 0; i < x.dim(); ++i) {
    if (i != at) {
      shape.push_back(x.size(i));
    } else {
      for (std::int64_t size : inner) shape.push_back(size);
    }
  }
  return reshape(x, shape);
}

Tensor permute(const Tensor& x, const Dims& order) {
  check(order.size() == x.dim(), "permute: wanted {} dimension numbers, got {}", x.dim(), order);
  Dims shape, strides, inverse = order;
  bool seen[kMaxDims] = {};
  for (int i = 0; i < order.size(); ++i) {
    const int from = wrap_dim("permute", order[i], x.dim());
    check(!seen[from], "permute: dimension {} appears twice in {}", from, order);
    seen[from] = true;
    shape.push_back(x.size(from));
    strides.push_back(x.strides()[from]);
    inverse[from] = i;
  }
  return record("permute", view_of(x, shape, strides), {x},
                [inverse](const Tensor& dy) -> Gradients { return {permute(dy, inverse)}; });
}

Tensor transpose(const Tensor& x, std::int64_t dim0, std::int64_t dim1) {
  if (x.dim() == 0) return alias(x);
  const int a = wrap_dim("transpose", dim0, x.dim()), b = wrap_dim("transpose", dim1, x.dim());
  Dims shape = x.shape(), strides = x.strides();
  std::swap(shape[a], shape[b]);
  std::swap(strides[a], strides[b]);
  return record("transpose", view_of(x, shape, strides), {x},
                [a, b](const Tensor& dy) -> Gradients { return {transpose(dy, a, b)}; });
}

Tensor movedim(const Tensor& x, const Dims& source, const Dims& destination) {
  check(source.size() == destination.size(), "movedim: source {} and destination {} differ in length", source,
        destination);
  if (x.dim() == 0) return alias(x);
  Dims order;
  for (int i = 0; i < x.dim(); ++i) order.push_back(-1);
  bool moved[kMaxDims] = {};
  for (int i = 0; i < source.size(); ++i) {
    const int from = wrap_dim("movedim", source[i], x.dim()), to = wrap_dim("movedim", destination[i], x.dim());
    check(!moved[from] && order[to] < 0, "movedim: a dimension appears twice in source {} or destination {}", source,
          destination);
    moved[from] = true;
    order[to] = from;
  }
  int next = 0;
  for (std::int64_t& from : order) {
    if (from >= 0) continue;
    while (moved[next]) ++next;
    from = next++;
  }
  return permute(x, order);
}

Tensor squeeze(const Tensor& x) {
  Dims shape, strides;
  for (int i = 0; i < x.dim(); ++i) {
    if (x.size(i) == 1) continue;
    shape.push_back(x.size(i));
    strides.push_back(x.strides()[i]);
  }
  return recorded_view("squeeze", x, shape, strides);
}

Tensor squeeze(const Tensor& x, std::int64_t dim) {
  if (x.dim() == 0) return alias(x);
  const int at = wrap_dim("squeeze", dim, x.dim());
  if (x.size(at) != 1) return alias(x);
  Dims shape = x.shape(), strides = x.strides();
  shape.erase(at);
  strides.erase(at);
  return recorded_view("squeeze", x, shape, strides);
}

Tensor unsqueeze(const Tensor& x, std::int64_t dim) {
  const int at = wrap_dim("unsqueeze", dim, x.dim() + 1);
  Dims shape = x.shape(), strides = x.strides();
  strides.insert(at, at < x.dim() ? shape[at] * strides[at] : 1);
  shape.insert(at, 1);
  return recorded_view("unsqueeze", x, shape, strides);
}

Tensor expand(const Tensor& x, const Dims& wanted) {
  const int added = wanted.size() - x.dim();
  check(added >= 0, "expand: shape {} can't become {}: it has more dimensions", x.shape(), wanted);
  Dims shape = wanted, strides = wanted;
  for (int i = 0; i < shape.size(); ++i) {
    const std::int64_t size = i < added ? 1 : x.size(i - added);
    if (shape[i] == -1 && i >= added) shape[i] = size;
    check(shape[i] >= 0 && (size == shape[i] || size == 1), "expand: shape {} can't become {}", x.shape(), wanted);
    strides[i] = size == 1 && shape[i] != 1 ? 0 : (i < added ? 0 : x.strides()[i - added]);
  }
  check_size("expand", shape);
  return record("expand", view_of(x, shape, strides), {x},
                [from = x.shape()](const Tensor& dy) -> Gradients { return {sum_to(dy, from)}; });
}

Tensor slice(const Tensor& x, std::int64_t dim, std::int64_t start, std::int64_t stop, std::int64_t step) {
  const int at = wrap_dim("slice", dim, x.dim());
  const std::int64_t size = x.size(at);
  check(step > 0, "slice: the step must be positive, got {}", step);
  start = std::clamp<std::int64_t>(start < 0 ? start + size : start, 0, size);
  stop = std::clamp<std::int64_t>(stop < 0 ? stop + size : stop, start, size);
  const std::int64_t count = stop > start ? (stop - start - 1) / step + 1 : 0;
  return record("slice", part_of(x, at, count ? start : 0, count, step), {x},
                [from = x.shape(), at, start, count, step](const Tensor& dy) -> Gradients {
                  Tensor dx = zeros_like_input(from, dy);
                  if (count) copy_into(part_of(dx, at, start, count, step), dy);
                  return {dx};
                });
}

Tensor select(const Tensor& x, std::int64_t dim, std::int64_t index) {
  check<IndexError>(x.dim() > 0, "index: a tensor without dimensions can't be indexed; use item()");
  const int at = wrap_dim("select", dim, x.dim());
  const std::int64_t size = x.size(at), i = index < 0 ? index + size : index;
  check<IndexError>(i >= 0 && i < size, "index: {} is out of range for dimension {} of size {}", index, at, size);
  const auto pick = [at, i](const Tensor& t) {
    Dims shape = t.shape(), strides = t.strides();
    const std::int64_t offset = i * strides[at];
    shape.erase(at);
    strides.erase(at);
    return view_of(t, shape, strides, offset);
  };
  return record("select", pick(x), {x}, [from = x.shape(), pick](const Tensor& dy) -> Gradients {
    Tensor dx = zeros_like_input(from, dy);
    copy_into(pick(dx), dy);
    return {dx};
  });
}

Tensor diagonal(const Tensor& x, std::int64_t offset, std::int64_t dim1, std::int64_t dim2) {
  const int a = wrap_dim("diagonal", dim1, x.dim()), b = wrap_dim("diagonal", dim2, x.dim());
  check(a != b, "diagonal: dim1 and dim2 must differ, got {} and {}", dim1, dim2);
  const auto pick = [a, b, offset](const Tensor& t) {
    Dims shape = t.shape(), strides = t.strides();
    const std::int64_t down = std::max<std::int64_t>(-offset, 0), right = std::max<std::int64_t>(offset, 0);
    const std::int64_t length = std::max<std::int64_t>(std::min(shape[a] - down, shape[b] - right), 0);
    const std::int64_t start = length > 0 ? down * strides[a] + right * strides[b] : 0, step = strides[a] + strides[b];
    for (int dim : {std::max(a, b), std::min(a, b)}) {
      shape.erase(dim);
      strides.erase(dim);
    }
    shape.push_back(length);
    strides.push_back(step);
    return view_of(t, shape, strides, start);
  };
  return record("diagonal", pick(x), {x}, [from = x.shape(), pick](const Tensor& dy) -> Gradients {
    Tensor dx = zeros_like_input(from, dy);
    copy_into(pick(dx), dy);
    return {dx};
  });
}

std::vector<Tensor> split(const Tensor& x, const std::vector<std::int64_t>& sizes, std::int64_t dim) {
  const int at = existing_dim("split", dim, x);
  std::vector<Tensor> parts;
  std::int64_t start = 0;
  for (std::int64_t size : sizes) {
    check(size >= 0 && start + size <= x.size(at), "split: sizes must add up to {} in dimension {}", x.size(at), at);
    parts.push_back(part_of(x, at, start, size, 1));
    start += size;
  }
  check(start == x.size(at), "split: sizes must add up to {} in dimension {}, got {}", x.size(at), at, start);
  return recorded_parts("split", x, std::move(parts), at, sizes);
}

std::vector<Tensor> split(const Tensor& x, std::int64_t size, std::int64_t dim) {
  const int at = existing_dim("split", dim, x);
  check(size > 0, "split: the size must be positive, got {}", size);
  std::vector<std::int64_t> sizes;
  for (std::int64_t left = x.size(at); left > 0; left -= size) sizes.push_back(std::min(left, size));
  if (sizes.empty()) sizes.push_back(0);
  return split(x, sizes, at);
}

std::vector<Tensor> chunk(const Tensor& x, std::int64_t chunks, std::int64_t dim) {
  const int at = existing_dim("chunk", dim, x);
  check(chunks > 0, "chunk: the number of chunks must be positive, got {}", chunks);
  if (x.size(at) == 0) return split(x, std::vector<std::int64_t>(std::size_t(chunks), 0), at);
  return split(x, (x.size(at) + chunks - 1) / chunks, at);
}

std::vector<Tensor> unbind(const Tensor& x, std::int64_t dim) {
  const int at = existing_dim("unbind", dim, x);
  std::vector<Tensor> parts;
  for (const Tensor& part : split(x, std::vector<std::int64_t>(x.size(at), 1), at)) parts.push_back(squeeze(part, at));
  return parts;
}

}  // namespace tilestack

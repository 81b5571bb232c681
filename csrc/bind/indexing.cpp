#include "bind/bind.h"
#include "core/views.h"
#include "ops/copy/copy.h"
#include "ops/fill/fill.h"
#include "ops/index/index.h"

namespace tilestack {
namespace {

// A subscript, taken apart: views for integers, slices, None and Ellipsis, and index tensors for the dimensions of the
// view that are picked by arrays.
struct Subscript {
  Tensor view;
  std::vector<Tensor> indices;  // one a dimension of view, undefined where there is none
  bool picks = false;
};

bool is_integer(py::handle item) {
  if (PyLong_Check(item.ptr())) return !PyBool_Check(item.ptr());
  return PyIndex_Check(item.ptr()) && !is_tensor(item.ptr()) && !is_numpy_array(item);  // numpy's own integers
}

std::int64_t integer_of(py::handle item) {
  const auto number = py::reinterpret_steal<py::object>(PyNumber_Index(item.ptr()));
  if (!number) throw py::error_already_set();
  return number.cast<std::int64_t>();
}

Tensor slice_by(const Tensor& x, int dim, py::handle item) {
  Py_ssize_t start, stop, step;
  if (PySlice_Unpack(item.ptr(), &start, &stop, &step) < 0) throw py::error_already_set();
  check(step > 0, "index: the step of a slice must be positive, got {}", std::int64_t(step));
  PySlice_AdjustIndices(x.size(dim), &start, &stop, step);
  if (start == 0 && stop == x.size(dim) && step == 1) return x;
  return slice(x, dim, start, std::max(start, stop), step);
}

// Tensors, numpy arrays and lists of integers or bools.
Tensor index_tensor(py::handle item) {
  Tensor index;
  if (is_tensor(item.ptr())) {
    index = tensor_of(item.ptr());
  } else {
    const py::module_ numpy = py::module_::import("numpy");
    py::object array = numpy.attr("asarray")(item);
    if (array.attr("size").cast<std::int64_t>() == 0 && !is_numpy_array(item)) array = array.attr("astype")("int64");
    const auto kind = array.attr("dtype").attr("kind").cast<std::string>();
    if (kind == "i" || kind == "u") array = array.attr("astype")("int64", py::arg("copy") = false);
    check<IndexError>(kind == "i" || kind == "u" || kind == "b",
                      "index: wanted integers, slices, None, ..., or integer or bool arrays, got {}", Repr{item});
    index = from_numpy(array);
  }
  check<IndexError>(!is_float(index.dtype()), "index: an index tensor must hold integers or bools, got {}",
                    index.dtype());
  return index;
}

// How many dimensions of x the item uses up.
int dims_used(py::handle item) {
  if (item.is_none() || item.ptr() == Py_Ellipsis) return 0;
  if (PySlice_Check(item.ptr()) || is_integer(item)) return 1;
  if (PyBool_Check(item.ptr())) return 0;
  const Tensor index = index_tensor(item);
  return index.dtype() == DType::bool_ ? index.dim() : 1;
}

void pick(Subscript& s, int& dim, const Tensor& index) {
  s.picks = true;
  s.indices.resize(dim);
  if (index.dtype() != DType::bool_) {
    s.indices.push_back(index);
    ++dim;
    return;
  }
  for (int i = 0; i < index.dim(); ++i)
    check<IndexError>(dim + i < s.view.dim() && index.size(i) == s.view.size(dim + i),
                      "index: a mask of shape {} does not fit a tensor of shape {} at dimension {}", index.shape(),
                      s.view.shape(), dim + i);
  for (const Tensor& where : nonzero(index)) s.indices.push_back(where);
  dim += index.dim();
}

Subscript parse(const Tensor& x, const py::tuple& items) {
  int used = 0, ellipses = 0;
  for (py::handle item : items) {
    used += dims_used(item);
    ellipses += item.ptr() == Py_Ellipsis;
  }
  check<IndexError>(ellipses <= 1, "index: only one ellipsis (...) is possible");
  check<IndexError>(used <= x.dim(), "index: {} indices for a tensor of shape {}", used, x.shape());
  Subscript s{x, {}, false};
  int dim = 0;
  for (py::handle item : items) {
    if (item.is_none()) {
      s.view = unsqueeze(s.view, dim++);
    } else if (item.ptr() == Py_Ellipsis) {
      dim += x.dim() - used;
    } else if (PySlice_Check(item.ptr())) {
      s.view = slice_by(s.view, dim, item);
      ++dim;
    } else if (PyBool_Check(item.ptr())) {
      s.view = unsqueeze(s.view, dim);
      Tensor mask = empty({1}, DType::bool_);
      *mask.data<bool>() = item.ptr() == Py_True;
      pick(s, dim, mask);
    } else if (is_integer(item)) {
      s.view = select(s.view, dim, integer_of(item));
    } else {
      pick(s, dim, index_tensor(item));
    }
  }
  if (s.picks) s.indices.resize(s.view.dim());
  return s;
}

Subscript parse(const Tensor& x, const py::object& subscript) {
  if (py::isinstance<py::tuple>(subscript)) return parse(x, py::reinterpret_borrow<py::tuple>(subscript));
  return parse(x, py::make_tuple(subscript));
}

Tensor get_item(const Tensor& x, const py::object& subscript) {
  if (is_integer(subscript)) return select(x, 0, integer_of(subscript));
  const Subscript s = parse(x, subscript);
  if (s.picks) return index(s.view, s.indices);
  return s.view == x ? alias(x) : s.view;
}

void set_item(const Tensor& x, const py::object& subscript, const Operand& value) {
  check_in_place("index", x);
  const NoGrad no_grad;
  const Subscript s = parse(x, subscript);
  Tensor source = value.tensor;
  if (!source.defined()) {
    source = empty({}, x.dtype(), x.device());
    fill_into(source, value.scalar);
  }
  if (s.picks) {
    index_put(s.view, s.indices, as_dtype(source, x.dtype()), false);
  } else {
    const Dims target = s.view.shape();
    // Leading dimensions of size 1 do not matter, as in numpy.
    while (source.dim() > target.size() && source.size(0) == 1) source = squeeze(source, 0);
    check(broadcast_shapes("index", target, source.shape()) == target,
          "index: a value of shape {} does not fit into shape {}", source.shape(), target);
    // x[1:] = x[:-1] must read all before it writes.
    if (source.impl()->storage == x.impl()->storage) {
      const Tensor copy = empty_like(source);
      copy_into(copy, source);
      source = copy;
    }
    copy_into(s.view, source);
  }
  x.bump_version();
}

}  // namespace

void bind_indexing(Bindings& b) {
  b.method("__getitem__", &get_item, "", py::arg("index"));
  b.method("__setitem__", &set_item, "", py::arg("index"), py::arg("value"));
}

}  // namespace tilestack

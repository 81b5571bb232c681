#include "core/views.h"
#include "bind/bind.h"
#include "ops/copy/copy.h"

namespace tilestack {
namespace {

// f(2, 3) and f((2, 3)) mean the same.
Dims dims_of(const char* op, const py::args& args) {
  Dims dims;
  const bool whole = args.size() == 1 && (py::isinstance<py::tuple>(args[0]) || py::isinstance<py::list>(args[0]));
  const py::object source = whole ? py::object(args[0]) : py::object(args);
  check<TypeError>(to_dims(source, dims), "{}: wanted whole numbers, got {}", op, Repr{source});
  return dims;
}

}  // namespace

void bind_views(Bindings& b) {
  b.method(
      "reshape", [](const Tensor& x, const py::args& shape) { return reshape(x, dims_of("reshape", shape)); },
      "reshape(*shape): the same elements in another shape; one size may be -1. Shares memory where it can.");
  b.method(
      "view",
      [](const Tensor& x, const py::args& shape) {
        if (DType dtype; shape.size() == 1 && py::isinstance<DTypeObject>(shape[0]) && to_dtype(shape[0], dtype))
          return view(x, dtype);
        return view(x, dims_of("view", shape));
      },
      "view(*shape): as reshape, but a ValueError where memory would have to be copied. view(dtype): the same bytes as "
      "elements of another dtype; where the sizes differ, the last dimension changes.");
  b.method(
      "permute", [](const Tensor& x, const py::args& dims) { return permute(x, dims_of("permute", dims)); },
      "permute(*dims): a view with its dimensions in another order.");
  b.method(
      "expand", [](const Tensor& x, const py::args& shape) { return expand(x, dims_of("expand", shape)); },
      "expand(*shape): a view in which dimensions of size 1 are repeated; -1 keeps a size.");
  b.function("reshape", &reshape, "See Tensor.reshape.", py::arg("input"), py::arg("shape"));
  b.function("permute", &permute, "See Tensor.permute.", py::arg("input"), py::arg("dims"));
  b.method(
      "view_as", [](const Tensor& x, const Tensor& other) { return view(x, other.shape()); }, "", py::arg("other"));
  b.method(
      "reshape_as", [](const Tensor& x, const Tensor& other) { return reshape(x, other.shape()); }, "",
      py::arg("other"));
  b.method(
      "expand_as", [](const Tensor& x, const Tensor& other) { return expand(x, other.shape()); }, "", py::arg("other"));
  b.both("flatten", &flatten, "Joins the dimensions from start_dim to end_dim.", py::arg("input"),
         py::arg("start_dim") = 0, py::arg("end_dim") = -1);
  b.both("unflatten", &unflatten, "Splits one dimension into several sizes.", py::arg("input"), py::arg("dim"),
         py::arg("sizes"));
  b.both("transpose", &transpose, "A view with two dimensions exchanged.", py::arg("input"), py::arg("dim0"),
         py::arg("dim1"));
  b.both("swapaxes", &transpose, "See transpose.", py::arg("input"), py::arg("axis0"), py::arg("axis1"));
  for (const char* name : {"movedim", "moveaxis"})
    b.both(name, &movedim, "A view with one dimension, or several, moved to other places.", py::arg("input"),
           py::arg("source"), py::arg("destination"));
  b.both("swapdims", &transpose, "See transpose.", py::arg("input"), py::arg("dim0"), py::arg("dim1"));
  const auto broadcast_to = [](const Tensor& x, const Dims& size) { return expand(x, size); };
  b.both("broadcast_to", broadcast_to, "See expand.", py::arg("input"), py::arg("size"));
  b.both("diagonal", &diagonal, "A view of the elements (i, i + offset) of dim1 and dim2, as the last dimension.",
         py::arg("input"), py::arg("offset") = 0, py::arg("dim1") = 0, py::arg("dim2") = 1);
  for (int n = 1; n <= 3; ++n) {
    const auto at_least = [n](const Tensor& x) {
      Tensor y = x;
      if (n >= 1 && y.dim() == 0) y = unsqueeze(y, 0);
      if (n >= 2 && y.dim() == 1) y = unsqueeze(y, 0);
      return n == 3 && y.dim() == 2 ? unsqueeze(y, 2) : y;
    };
    const std::string name = "atleast_" + std::to_string(n) + "d";
    b.function(name.c_str(), at_least, "A view with dimensions of size 1 put in.", py::arg("input").none(false));
    b.function(
        name.c_str(),
        [at_least](std::vector<Tensor> tensors) {
          for (Tensor& x : tensors) x = at_least(x);
          return py::tuple(py::cast(tensors));
        },
        "", py::arg("tensors"));
  }
  const auto matrix_transpose = [](const Tensor& x) {
    check(x.dim() <= 2, "t: wanted at most 2 dimensions, got shape {}; use transpose or mT", x.shape());
    return x.dim() < 2 ? alias(x) : transpose(x, 0, 1);
  };
  b.both("t", matrix_transpose, "The transposed matrix, as a view.", py::arg("input"));
  b.tensor.def_property_readonly(
      "T",
      [](const Tensor& x) {
        Dims order;
        for (int i = x.dim() - 1; i >= 0; --i) order.push_back(i);
        return permute(x, order);
      },
      "A view with all dimensions in reverse order.");
  b.tensor.def_property_readonly(
      "mT", [](const Tensor& x) { return transpose(x, -2, -1); }, "A view with the last two dimensions exchanged.");
  const auto squeeze_any = [](const Tensor& x, const std::optional<Dims>& dim) {
    if (!dim) return squeeze(x);
    if (dim->size() == 1) return squeeze(x, (*dim)[0]);
    bool gone[kMaxDims] = {};
    for (std::int64_t d : *dim) {
      const int at = wrap_dim("squeeze", d, x.dim());
      check(!gone[at], "squeeze: dimension {} is there twice in {}", at, *dim);
      gone[at] = true;
    }
    Tensor y = alias(x);
    for (int i = x.dim() - 1; i >= 0; --i)
      if (gone[i]) y = squeeze(y, i);
    return y;
  };
  b.both("squeeze", squeeze_any,
         "A view without dimension dim, or several, where its size is 1; without dim, all such.", py::arg("input"),
         py::arg("dim") = py::none());
  b.both("unsqueeze", &unsqueeze, "A view with a dimension of size 1 put in at dim.", py::arg("input"), py::arg("dim"));
  b.both(
      "narrow",
      [](const Tensor& x, std::int64_t dim, std::int64_t start, std::int64_t length) {
        const int at = wrap_dim("narrow", dim, x.dim());
        const std::int64_t from = start < 0 ? start + x.size(at) : start;
        check(from >= 0 && length >= 0 && from + length <= x.size(at),
              "narrow: start {} and length {} do not fit dimension {} of size {}", start, length, at, x.size(at));
        return slice(x, at, from, from + length, 1);
      },
      "The part of dimension dim from start on, length long, as a view.", py::arg("input"), py::arg("dim"),
      py::arg("start"), py::arg("length"));
  b.both("select", &select, "The slice at index along dim, as a view without that dimension.", py::arg("input"),
         py::arg("dim"), py::arg("index"));
  const auto split_any = [](const Tensor& x, const std::variant<std::int64_t, std::vector<std::int64_t>>& sizes,
                            std::int64_t dim) {
    return py::tuple(py::cast(std::visit([&](const auto& s) { return split(x, s, dim); }, sizes)));
  };
  b.both("split", split_any, "Views of pieces of a size, or of the given sizes, along dim.", py::arg("input"),
         py::arg("split_size_or_sections"), py::arg("dim") = 0);
  b.both(
      "chunk", [](const Tensor& x, std::int64_t n, std::int64_t dim) { return py::tuple(py::cast(chunk(x, n, dim))); },
      "Views of about equal pieces along dim.", py::arg("input"), py::arg("chunks"), py::arg("dim") = 0);
  b.both(
      "unbind", [](const Tensor& x, std::int64_t dim) { return py::tuple(py::cast(unbind(x, dim))); },
      "Views of the slices along dim.", py::arg("input"), py::arg("dim") = 0);
}

}  // namespace tilestack

#include "core/rearrange.h"

#include "bind/bind.h"
#include "ops/copy/copy.h"
#include "ops/scatter/scatter.h"
#include "ops/tril/tril.h"

namespace tilestack {
namespace {

using Dim = const std::optional<std::int64_t>&;

Dims dims_of(const char* op, const py::args& args) { return shape_of(op, args); }

void bind_scatter(Bindings& b, const py::arg& input, const py::arg& dim, const py::arg& index) {
  const char* doc =
      "A copy of the input in which result[i, index[i, j, k], k] = src[i, j, k] for dim 1, and likewise for others.\n\n"
      "index: int64 or int32, as many dimensions as the input, none but dim larger than its. src: a tensor of the\n"
      "input's dtype, no smaller than index, or a number. Of elements that meet the last one stays. IndexError for an\n"
      "index out of range.";
  const char* add_doc =
      "scatter that adds; elements that meet are added up in their order, so that it is deterministic.";
  const auto refuse = [](const std::optional<std::string>& reduce) {
    check(!reduce, "scatter: reduce=\"{}\" is not supported; use scatter_add or scatter_reduce", reduce.value_or(""));
  };
  const py::arg src = py::arg("src").none(false);
  const py::arg_v reduce = py::arg("reduce") = py::none();
  b.both(
      "scatter",
      [refuse](const Tensor& x, std::int64_t d, const Tensor& i, const Tensor& y, std::optional<std::string> reduce) {
        refuse(reduce);
        return scatter(x, d, i, y);
      },
      doc, input, dim, index, src, reduce);
  b.both(
      "scatter",
      [refuse](const Tensor& x, std::int64_t d, const Tensor& i, const Scalar& y, std::optional<std::string> reduce) {
        refuse(reduce);
        return scatter(x, d, i, y);
      },
      "", input, dim, index, py::arg("value"), reduce);
  b.both("scatter_add", &scatter_add, add_doc, input, dim, index, src);
  b.function("_scatter_fold", &scatter_fold, "", input, dim, index, src, py::arg("reduce"), py::arg("include_self"));
  b.method(
      "scatter_",
      [refuse](const Tensor& x, std::int64_t d, const Tensor& i, const Tensor& y, std::optional<std::string> reduce) {
        refuse(reduce);
        scatter_into(x, d, i, y);
        return x;
      },
      "scatter in place.", dim, index, src, reduce);
  b.method(
      "scatter_",
      [refuse](const Tensor& x, std::int64_t d, const Tensor& i, const Scalar& y, std::optional<std::string> reduce) {
        refuse(reduce);
        scatter_into(x, d, i, y);
        return x;
      },
      "", dim, index, py::arg("value"), reduce);
  b.method(
      "scatter_add_",
      [](const Tensor& x, std::int64_t d, const Tensor& i, const Tensor& y) {
        scatter_add_into(x, d, i, y);
        return x;
      },
      "scatter_add in place.", dim, index, src);
}

void bind_masks(Bindings& b, const py::arg& input) {
  const py::arg mask = py::arg("mask").none(false), value = py::arg("value");
  const py::arg_v diagonal = py::arg("diagonal") = 0;
  b.both("tril", &tril, "Matrices with 0 above the given diagonal, those of the last two dimensions.", input, diagonal);
  b.both("triu", &triu, "Matrices with 0 below the given diagonal, those of the last two dimensions.", input, diagonal);
  b.both("masked_fill", &masked_fill,
         "value, a number that the input's dtype can hold, where mask is true, else the input.", input, mask, value);
  b.method(
      "masked_fill_",
      [](const Tensor& x, const Tensor& m, const Operand& v) {
        check_in_place("masked_fill_", x);
        const NoGrad no_grad;
        copy_into(x, masked_fill(x, m, v));
        x.bump_version();
        return x;
      },
      "masked_fill in place.", mask, value);
  b.both("masked_select", &masked_select, "The elements where mask, a bool tensor that broadcasts, is true: (count).",
         input, mask);
}

}  // namespace

void bind_rearranging(Bindings& b) {
  const py::arg input = py::arg("input").none(false), dim = py::arg("dim"), index = py::arg("index").none(false);
  const py::arg repeats = py::arg("repeats"), dims = py::arg("dims");
  const py::arg_v no_dim = py::arg("dim") = py::none();
  bind_scatter(b, input, dim, index);
  bind_masks(b, input);
  b.function("flip", &flip, "The elements in reverse order along dims, as a copy.", input, dims);
  b.method(
      "flip", [](const Tensor& x, const py::args& dims) { return flip(x, dims_of("flip", dims)); },
      "flip(*dims): the elements in reverse order, as a copy.");
  b.both("roll", &roll, "Elements moved by shifts along dims, around the end; without dims, of the flattened input.",
         input, py::arg("shifts"), py::arg("dims") = py::none());
  b.method(
      "repeat", [](const Tensor& x, const py::args& sizes) { return repeat(x, dims_of("repeat", sizes)); },
      "repeat(*sizes): copies one after another, sizes[i] along dimension i; more sizes than dimensions put new ones\n"
      "in front.");
  b.function("tile", &tile, "Copies one after another; the last numbers belong to the last dimensions.", input, dims);
  b.method(
      "tile", [](const Tensor& x, const py::args& dims) { return tile(x, dims_of("tile", dims)); },
      "tile(*dims): copies one after another; the last numbers belong to the last dimensions.");
  const py::arg_v output_size = py::arg("output_size") = py::none();
  const auto repeated = [](const Tensor& x, const auto& n, Dim d, Dim size) {
    const Tensor y = repeat_interleave(x, n, d);
    check(!size || *size == y.size(d.value_or(0)),
          "repeat_interleave: output_size must be {}, the sum of repeats, got {}", y.size(d.value_or(0)),
          size.value_or(0));
    return y;
  };
  b.both(
      "repeat_interleave",
      [repeated](const Tensor& x, const Tensor& n, Dim d, Dim size) { return repeated(x, n, d, size); },
      "Each slice along dim (None: each element) several times in a row. repeats: a number, or integers, one for "
      "each.\n"
      "output_size: their sum, if it is known.",
      input, py::arg("repeats").none(false), no_dim, py::kw_only(), output_size);
  b.both(
      "repeat_interleave",
      [repeated](const Tensor& x, std::int64_t n, Dim d, Dim size) { return repeated(x, n, d, size); }, "", input,
      repeats, no_dim, py::kw_only(), output_size);
  b.both("diag", &diag, "The diagonal of a matrix as a vector, or the matrix with a vector as its diagonal.", input,
         py::arg("diagonal") = 0);
  b.both("take_along_dim", &take_along_dim,
         "gather, with input and indices broadcast but for dim; without dim, of the flattened ones.", input,
         py::arg("indices").none(false), no_dim);
  b.both(
      "index_add",
      [](const Tensor& x, std::int64_t d, const Tensor& i, const Tensor& y, const Scalar& alpha) {
        return index_add(x, d, i, y, alpha);
      },
      "A copy of the input whose slices at index along dim have alpha * source added, in the order of index.", input,
      dim, index, py::arg("source").none(false), py::kw_only(), py::arg("alpha") = 1);
  b.function("pixel_shuffle", &pixel_shuffle,
             "(..., channels r^2, height, width) to (..., channels, height r, width r), r upscale_factor (Shi et al.,\n"
             "2016).",
             input, py::arg("upscale_factor"));
  b.function("pixel_unshuffle", &pixel_unshuffle,
             "(..., channels, height r, width r) to (..., channels r^2, height, width), r downscale_factor.", input,
             py::arg("downscale_factor"));
  b.function(
      "meshgrid",
      [](const py::args& tensors, const std::string& indexing) {
        const bool whole = tensors.size() == 1 && !is_tensor(tensors[0].ptr());
        const py::object all = whole ? py::object(tensors[0]) : py::object(tensors);
        return py::tuple(py::cast(meshgrid(all.cast<std::vector<Tensor>>(), indexing)));
      },
      "meshgrid(*tensors): each vector repeated along the dimensions of the others, as views. indexing: \"ij\", or\n"
      "\"xy\", which exchanges the first two dimensions.",
      py::kw_only(), py::arg("indexing") = "ij");
}

}  // namespace tilestack

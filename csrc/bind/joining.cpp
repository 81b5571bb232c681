#include "bind/bind.h"
#include "core/views.h"
#include "ops/cat/cat.h"
#include "ops/gather/gather.h"
#include "ops/index/index.h"
#include "ops/nonzero/nonzero.h"
#include "ops/pad/pad.h"
#include "ops/stack/stack.h"

namespace tilestack {
namespace {

py::object nonzero_as(const Tensor& x, bool as_tuple) {
  if (!as_tuple) return py::cast(nonzero_matrix(x));
  return py::tuple(py::cast(nonzero(x.dim() == 0 ? reshape(x, {1}) : x)));
}

}  // namespace

void bind_joining(Bindings& b) {
  const py::arg input = py::arg("input").none(false), dim = py::arg("dim"), index = py::arg("index").none(false);
  const py::arg_v first_dim = py::arg("dim") = 0;
  for (const char* name : {"cat", "concat", "concatenate"})
    b.function(name, &cat, "The tensors one after another along dim. Their other sizes must agree; dtypes promote.",
               py::arg("tensors"), first_dim);
  b.function("stack", &stack, "Tensors of one shape side by side along a new dimension dim.", py::arg("tensors"),
             first_dim);
  b.function(
      "pad",
      [](const Tensor& x, const std::vector<std::int64_t>& amounts, const std::string& mode,
         const std::optional<Scalar>& value) { return pad(x, amounts, mode, value.value_or(Scalar{})); },
      "Elements around the input: pad[0] before and pad[1] after its last dimension, pad[2] and pad[3] around the\n"
      "one before, and so on.\n\n"
      "mode: constant (value, default 0; negative numbers cut), reflect, replicate or circular.",
      input, py::arg("pad"), py::arg("mode") = "constant", py::arg("value") = py::none());
  b.both(
      "gather", &gather,
      "result[i, j, k] = input[i, index[i, j, k], k] for dim 1, and likewise for others.\n\n"
      "index: int64 or int32, as many dimensions as the input, none but dim larger than its. IndexError for an index\n"
      "out of range.",
      input, dim, index);
  b.both("index_select", &index_select, "The slices of the input along dim that index, one-dimensional, names.", input,
         dim, index);
  b.both(
      "nonzero", &nonzero_as,
      "The positions of elements that are not zero: int64 (count, dimensions), or with as_tuple one tensor for each\n"
      "dimension.",
      input, py::arg("as_tuple") = false);
  b.both("index", &tilestack::index,
         "What input[indices] gives: one int64, int32 or bool tensor, or None for all, for each dimension.", input,
         py::arg("indices"));
  b.method(
      "index_put_",
      [](const Tensor& x, const std::vector<Tensor>& indices, const Tensor& values, bool accumulate) {
        check_in_place("index_put_", x);
        index_put(x, indices, as_dtype(values, x.dtype()), accumulate);
        return x;
      },
      "self[indices] = values, or += with accumulate, in place.", py::arg("indices"), py::arg("values").none(false),
      py::arg("accumulate") = false);
}

}  // namespace tilestack

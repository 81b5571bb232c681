#include "bind/autocast.h"
#include "bind/bind.h"
#include "ops/cumsum/cumsum.h"
#include "ops/sort/sort.h"

namespace tilestack {

void bind_sorting(Bindings& b) {
  const py::arg input = py::arg("input").none(false), dim = py::arg("dim");
  const py::arg_v last = py::arg("dim") = -1, descending = py::arg("descending") = false,
                  stable = py::arg("stable") = false;
  b.both("cumsum", float32_only(&cumsum),
         "Sums of the elements up to each one along dim. Integers and bool give int64.", input, dim, py::kw_only(),
         py::arg("dtype") = py::none());
  b.both(
      "sort", [](const Tensor& x, std::int64_t d, bool down, bool) { return values_indices(sort(x, d, down)); },
      "(values, indices) along dim in ascending or descending order, NaN as the largest. Always stable.", input, last,
      descending, stable);
  b.both(
      "argsort", [](const Tensor& x, std::int64_t d, bool down, bool) { return argsort(x, d, down); },
      "The indices of sort.", input, last, descending, stable);
  b.both(
      "topk",
      [](const Tensor& x, std::int64_t k, std::int64_t d, bool largest, bool) {
        return values_indices(topk(x, k, d, largest));
      },
      "(values, indices) of the k largest or smallest elements along dim, always in order, the first among equals\n"
      "first; NaN counts as the largest.",
      input, py::arg("k"), last, py::arg("largest") = true, py::arg("sorted") = true);
}

}  // namespace tilestack

#include "bind/autocast.h"
#include "bind/bind.h"
#include "core/elementwise_op.h"
#include "core/views.h"
#include "ops/abs/abs.h"
#include "ops/add/add.h"
#include "ops/all/all.h"
#include "ops/amax/amax.h"
#include "ops/amin/amin.h"
#include "ops/any/any.h"
#include "ops/argmax/argmax.h"
#include "ops/argmin/argmin.h"
#include "ops/copy/copy.h"
#include "ops/exp/exp.h"
#include "ops/log/log.h"
#include "ops/lt/lt.h"
#include "ops/max/max.h"
#include "ops/maximum/maximum.h"
#include "ops/mean/mean.h"
#include "ops/min/min.h"
#include "ops/minimum/minimum.h"
#include "ops/ne/ne.h"
#include "ops/norm/norm.h"
#include "ops/prod/prod.h"
#include "ops/sub/sub.h"
#include "ops/sum/sum.h"
#include "ops/var/var.h"
#include "ops/where/where.h"

namespace tilestack {
namespace {

using Axes = const std::optional<Dims>&;
using Axis = std::optional<std::int64_t>;

PyTypeObject* values_indices_type() {
  static PyStructSequence_Field fields[] = {
      {"values", "The extreme values."}, {"indices", "Where they stand, int64."}, {}};
  static PyStructSequence_Desc description = {"tilestack.ValuesIndices", "Values and their positions.", fields, 2};
  static PyTypeObject* type = PyStructSequence_NewType(&description);
  return type;
}

}  // namespace

py::object values_indices(const std::pair<Tensor, Tensor>& found) {
  py::object out = py::reinterpret_steal<py::object>(PyStructSequence_New(values_indices_type()));
  PyStructSequence_SetItem(out.ptr(), 0, py::cast(found.first).release().ptr());
  PyStructSequence_SetItem(out.ptr(), 1, py::cast(found.second).release().ptr());
  return out;
}

namespace {

double correction_of(const char* op, std::optional<bool> unbiased, std::optional<double> correction) {
  check(!unbiased || !correction, "{}: takes unbiased or correction, not both", op);
  return correction.value_or(unbiased.value_or(true) ? 1 : 0);
}

// log(sum(exp(x))), with the largest element taken out of it.
Tensor logsumexp(const Tensor& x, Axes dim, bool keepdim) {
  const Tensor in = as_float(x);
  const Scalar infinity{Scalar::real, HUGE_VAL, 0}, zero{Scalar::real, 0, 0};
  if (x.numel() == 0) return log(sum(exp(in), dim, keepdim, std::nullopt));  // -infinity
  Tensor most;
  {
    const NoGrad no_grad;
    most = amax(in, dim, true);
    most = where(lt(abs(most), infinity), most, zero);
  }
  const Tensor sums = log(sum(exp(sub(in, most)), dim, keepdim, std::nullopt));
  return add(sums, reshape(most, sums.shape()));
}

}  // namespace

void bind_reductions(Bindings& b) {
  const py::arg input = py::arg("input").none(false);
  const py::arg_v dim = py::arg("dim") = py::none(), keepdim = py::arg("keepdim") = false,
                  dtype = py::arg("dtype") = py::none();
  b.both("sum", float32_only(&sum), "The sum over dim, an int or a tuple (None: all). Integers and bool give int64.",
         input, dim, keepdim, dtype);
  b.both("mean", &mean, "The mean over dim, an int or a tuple (None: all), of floats.", input, dim, keepdim, dtype);
  b.both("prod", float32_only(&prod),
         "The product over dim, an int or a tuple (None: all). Integers and bool give int64.", input, dim, keepdim,
         dtype);
  b.both("amax", &amax, "The largest values over dim, an int or a tuple (None: all). Ties share the gradient.", input,
         dim, keepdim);
  b.both("amin", &amin, "The smallest values over dim, an int or a tuple (None: all). Ties share the gradient.", input,
         dim, keepdim);
  b.both("any", &any, "Whether any element over dim (None: all) is not zero.", input, dim, keepdim);
  b.both("all", &all, "Whether every element over dim (None: all) is not zero.", input, dim, keepdim);
  b.both("argmax", &argmax,
         "int64 positions of the first largest values along dim; without dim, in the flattened input.", input, dim,
         keepdim);
  b.both("argmin", &argmin,
         "int64 positions of the first smallest values along dim; without dim, in the flattened input.", input, dim,
         keepdim);
  b.both(
      "norm",
      [](const Tensor& x, const std::variant<double, std::string>& p, Axes dim, bool keepdim,
         std::optional<DType> dtype) {
        const auto* name = std::get_if<std::string>(&p);
        check(!name || *name == "fro", "norm: p must be a number or \"fro\", got \"{}\"", name ? *name : "");
        return norm(dtype ? to_dtype(x, *dtype) : cast_up(x), name ? 2 : std::get<double>(p), dim, keepdim);
      },
      "(sum of |x|^p)^(1 / p) over dim (None: all). p: 2 or \"fro\", the Euclidean norm; inf and -inf, the largest "
      "and\n"
      "the smallest |x|; 0, how many are not 0; or another number. dtype: what the input is converted to first.",
      input, py::arg("p") = 2.0, dim, keepdim, py::arg("dtype") = py::none());
  b.both("logsumexp", float32_only(&logsumexp), "log(sum(exp(input))) over dim (None: all), without overflow.", input,
         dim, keepdim);
  b.both(
      "count_nonzero",
      [](const Tensor& x, Axes dim) { return sum(ne(x, Scalar{Scalar::integer, 0, 0}), dim, false, {}); },
      "How many elements over dim (None: all) are not zero: int64.", input, dim);

  const py::arg_v unbiased = py::arg("unbiased") = py::none(), correction = py::arg("correction") = py::none();
  const auto variance = [](const Tensor& x, Axes dim, std::optional<bool> unbiased, bool keepdim,
                           std::optional<double> correction) {
    return var(x, dim, correction_of("var", unbiased, correction), keepdim);
  };
  const auto deviation = [](const Tensor& x, Axes dim, std::optional<bool> unbiased, bool keepdim,
                            std::optional<double> correction) {
    return standard_deviation(x, dim, correction_of("std", unbiased, correction), keepdim);
  };
  // var(x, True) means unbiased, though True is a number; these come first.
  const py::arg all_unbiased = py::arg("unbiased").noconvert();
  b.both(
      "var", [variance](const Tensor& x, bool unbiased) { return variance(x, {}, unbiased, false, {}); }, "", input,
      all_unbiased);
  b.both(
      "std", [deviation](const Tensor& x, bool unbiased) { return deviation(x, {}, unbiased, false, {}); }, "", input,
      all_unbiased);
  b.both("var", variance,
         "The variance over dim (None: all): sum of squared distances / (n - correction), correction 1.", input, dim,
         unbiased, keepdim, correction);
  b.both("std", deviation, "The square root of var.", input, dim, unbiased, keepdim, correction);

  b.function(
      "var_mean",
      [variance](const Tensor& x, bool unbiased) {
        return std::make_pair(variance(x, {}, unbiased, false, {}), mean(x, {}, false, {}));
      },
      "", input, all_unbiased);
  b.function(
      "std_mean",
      [deviation](const Tensor& x, bool unbiased) {
        return std::make_pair(deviation(x, {}, unbiased, false, {}), mean(x, {}, false, {}));
      },
      "", input, all_unbiased);
  b.function(
      "var_mean",
      [variance](const Tensor& x, Axes dim, std::optional<bool> unbiased, bool keepdim,
                 std::optional<double> correction) {
        return std::make_pair(variance(x, dim, unbiased, keepdim, correction), mean(x, dim, keepdim, {}));
      },
      "(var, mean) over dim (None: all).", input, dim, unbiased, keepdim, correction);
  b.function(
      "std_mean",
      [deviation](const Tensor& x, Axes dim, std::optional<bool> unbiased, bool keepdim,
                  std::optional<double> correction) {
        return std::make_pair(deviation(x, dim, unbiased, keepdim, correction), mean(x, dim, keepdim, {}));
      },
      "(std, mean) over dim (None: all).", input, dim, unbiased, keepdim, correction);

  const auto largest = [](const Tensor& x, Axis dim, bool keepdim) {
    return dim ? values_indices(max(x, *dim, keepdim)) : py::cast(max(x));
  };
  const auto smallest = [](const Tensor& x, Axis dim, bool keepdim) {
    return dim ? values_indices(min(x, *dim, keepdim)) : py::cast(min(x));
  };
  // A tensor without dimensions is a number too, so these come first.
  b.both(
      "max", [](const Tensor& x, const Tensor& other) { return maximum(x, other); }, "", input,
      py::arg("other").none(false));
  b.both(
      "min", [](const Tensor& x, const Tensor& other) { return minimum(x, other); }, "", input,
      py::arg("other").none(false));
  b.both(
      "max", largest,
      "max(input): the largest element; max(input, dim, keepdim=False): (values, indices) along dim, the first among\n"
      "equals; max(input, other): see maximum. A NaN wins.",
      input, dim, keepdim);
  b.both(
      "min", smallest,
      "min(input): the smallest element; min(input, dim, keepdim=False): (values, indices) along dim, the first among\n"
      "equals; min(input, other): see minimum. A NaN wins.",
      input, dim, keepdim);
}

}  // namespace tilestack

#include "bind/autocast.h"
#include "bind/in_place.h"
#include "ops/abs/abs.h"
#include "ops/add/add.h"
#include "ops/addcdiv/addcdiv.h"
#include "ops/addcmul/addcmul.h"
#include "ops/ceil/ceil.h"
#include "ops/clamp/clamp.h"
#include "ops/cos/cos.h"
#include "ops/div/div.h"
#include "ops/erf/erf.h"
#include "ops/exp/exp.h"
#include "ops/exp2/exp2.h"
#include "ops/expm1/expm1.h"
#include "ops/fill/fill.h"
#include "ops/floor/floor.h"
#include "ops/floor_divide/floor_divide.h"
#include "ops/lerp/lerp.h"
#include "ops/log/log.h"
#include "ops/log10/log10.h"
#include "ops/log1p/log1p.h"
#include "ops/log2/log2.h"
#include "ops/maximum/maximum.h"
#include "ops/minimum/minimum.h"
#include "ops/mul/mul.h"
#include "ops/neg/neg.h"
#include "ops/pow/pow.h"
#include "ops/remainder/remainder.h"
#include "ops/round/round.h"
#include "ops/sign/sign.h"
#include "ops/sin/sin.h"
#include "ops/sqrt/sqrt.h"
#include "ops/sub/sub.h"
#include "ops/tan/tan.h"
#include "ops/trunc/trunc.h"

namespace tilestack {
namespace {

using Binary = Tensor (*)(const Operand&, const Operand&);
using Into = void (*)(const Tensor&, const Operand&, const Operand&);

void bind_operators(Bindings& b, const char* symbol, const char* reflected, Binary op) {
  b.method(symbol, op, "", py::is_operator());
  b.method(reflected, [op](const Operand& x, const Operand& y) { return op(y, x); }, "", py::is_operator());
}

// x += y writes into x where no gradient is at stake; else it gives x's name to a new tensor.
void bind_in_place(Bindings& b, const char* symbol, Binary op, Into into) {
  b.method(
      symbol,
      [symbol, op, into](const py::object& self, const Operand& other) -> py::object {
        check<TypeError>(is_tensor(self.ptr()), "{}: the left side must be a tensor", symbol);
        const Tensor x = tensor_of(self.ptr());
        if (wants_gradient(x, other) && !x.impl()->asks_grad) return py::cast(op(x, other));
        into(x, x, other);
        return self;
      },
      "", py::is_operator());
}

Operand scaled(const Operand& x, const Scalar& alpha) { return alpha.number == 1 ? x : Operand(mul(x, alpha)); }

// add(input, other, alpha=1) and the like, with x.add_(other, alpha=1).
void bind_scaled(Bindings& b, const char* name, const char* doc, Binary op, const char* name_, Into into) {
  const py::arg_v alpha = py::arg("alpha") = 1;
  const auto call = [op](const Operand& x, const Operand& y, const Scalar& a) { return op(x, scaled(y, a)); };
  b.function(name, call, doc, py::arg("input"), py::arg("other"), py::kw_only(), alpha);
  b.method(name, call, doc, py::arg("other"), py::kw_only(), alpha);
  b.method(
      name_,
      [into](const Tensor& x, const Operand& y, const Scalar& a) {
        into(x, x, scaled(y, a));
        return x;
      },
      "In place; RuntimeError where a gradient would be lost.", py::arg("other"), py::kw_only(), alpha);
}

void bind_pair(Bindings& b, const char* name, const char* doc, Binary op) {
  b.function(name, op, doc, py::arg("input"), py::arg("other"));
  b.method(name, op, doc, py::arg("other"));
}

void bind_into(Bindings& b, const char* name, Into into) {
  b.method(
      name,
      [into](const Tensor& x, const Operand& y) {
        into(x, x, y);
        return x;
      },
      "In place; RuntimeError where a gradient would be lost.", py::arg("other"));
}

void bind_binary(Bindings& b) {
  bind_scaled(b, "add", "input + alpha * other, elementwise and broadcast; dtypes are promoted.", &add, "add_",
              &add_into);
  bind_scaled(b, "sub", "input - alpha * other, elementwise and broadcast; dtypes are promoted.", &sub, "sub_",
              &sub_into);
  bind_scaled(b, "subtract", "See sub.", &sub, "subtract_", &sub_into);
  bind_pair(b, "mul", "input * other, elementwise and broadcast; dtypes are promoted.", &mul);
  const auto divide = [](const Operand& x, const Operand& y, const std::optional<std::string>& rounding_mode) {
    return rounding_mode ? rounded_div(x, y, *rounding_mode) : div(x, y);
  };
  const py::arg_v rounding = py::arg("rounding_mode") = py::none();
  for (const char* name : {"div", "divide"}) {
    b.function(name, divide,
               "input / other, elementwise and broadcast; integers give float32. rounding_mode: None, \"trunc\" or\n"
               "\"floor\", of which integers stay integers.",
               py::arg("input"), py::arg("other"), py::kw_only(), rounding);
    b.method(name, divide, "input / other, elementwise and broadcast.", py::arg("other"), py::kw_only(), rounding);
  }
  bind_pair(b, "true_divide", "input / other, elementwise and broadcast; integers give float32.", &div);
  bind_pair(b, "multiply", "See mul.", &mul);
  bind_pair(b, "floor_divide", "input // other, elementwise and broadcast; without a gradient.", &floor_divide);
  bind_pair(b, "remainder", "input % other with other's sign, elementwise and broadcast.", &remainder);
  bind_pair(b, "maximum", "The larger, elementwise and broadcast; NaN if either is. Ties share the gradient.",
            &maximum);
  bind_pair(b, "minimum", "The smaller, elementwise and broadcast; NaN if either is. Ties share the gradient.",
            &minimum);
  b.function("pow", float32_only(&pow),
             "input ** exponent, elementwise and broadcast. ValueError for integers to a negative number.",
             py::arg("input"), py::arg("exponent"));
  b.method("pow", float32_only(&pow), "self ** exponent, elementwise and broadcast.", py::arg("exponent"));
  bind_into(b, "mul_", &mul_into);
  b.method(
      "div_",
      [](const Tensor& x, const Operand& y, const std::optional<std::string>& rounding_mode) {
        if (rounding_mode) return write_result("div_", x, [&] { return rounded_div(x, y, *rounding_mode); });
        div_into(x, x, y);
        return x;
      },
      "In place; RuntimeError where a gradient would be lost.", py::arg("other"), py::kw_only(), rounding);
  bind_operators(b, "__add__", "__radd__", &add);
  bind_operators(b, "__sub__", "__rsub__", &sub);
  bind_operators(b, "__mul__", "__rmul__", &mul);
  bind_operators(b, "__truediv__", "__rtruediv__", &div);
  bind_operators(b, "__floordiv__", "__rfloordiv__", &floor_divide);
  bind_operators(b, "__mod__", "__rmod__", &remainder);
  bind_operators(
      b, "__pow__", "__rpow__", +[](const Operand& x, const Operand& y) { return float32_only(&pow)(x, y); });
  bind_in_place(b, "__iadd__", &add, &add_into);
  bind_in_place(b, "__isub__", &sub, &sub_into);
  bind_in_place(b, "__imul__", &mul, &mul_into);
  bind_in_place(b, "__itruediv__", &div, &div_into);
  b.tensor.attr("__array_priority__") = 1000;  // so that array + tensor is a tensor
}

void bind_unary(Bindings& b) {
  const py::arg input = py::arg("input").none(false);
  const auto power = [](double exponent) {
    return [exponent](const Tensor& x) { return pow(as_float(cast_up(x)), Scalar{Scalar::real, exponent, 0}); };
  };
  b.both("exp", float32_only(&exp), "e ** input, elementwise; integers become float32.", input);
  b.both("log", float32_only(&log), "Natural logarithm, elementwise; -inf at 0, NaN below; integers become float32.",
         input);
  b.both("sqrt", &sqrt, "Square root, elementwise; NaN below 0; integers become float32.", input);
  b.both("rsqrt", power(-0.5), "1 / sqrt(input), elementwise; integers become float32.", input);
  b.both("reciprocal", power(-1), "1 / input, elementwise; integers become float32.", input);
  const auto square = [](const Tensor& x) {
    if (is_float(x.dtype())) return pow(x, Scalar{Scalar::real, 2, 0});  // whose gradient is one pass
    const Tensor y = x.dtype() == DType::bool_ ? as_dtype(x, DType::int64) : x;
    return mul(y, y);
  };
  b.both("square", square, "input * input, elementwise; bool becomes int64.", input);
  b.both("exp2", &exp2, "2 ** input, elementwise; integers become float32.", input);
  b.both("expm1", float32_only(&expm1), "exp(input) - 1 without cancellation; integers become float32.", input);
  b.both("log1p", float32_only(&log1p), "log(1 + input) without cancellation; integers become float32.", input);
  b.both("log2", float32_only(&log2), "Logarithm to base 2; -inf at 0, NaN below; integers become float32.", input);
  b.both("log10", float32_only(&log10), "Logarithm to base 10; -inf at 0, NaN below; integers become float32.", input);
  b.both("sin", &sin, "Sine, elementwise; integers become float32.", input);
  b.both("cos", &cos, "Cosine, elementwise; integers become float32.", input);
  b.both("tan", float32_only(&tan), "Tangent, elementwise; integers become float32.", input);
  b.both("erf", &erf, "Error function, elementwise; integers become float32.", input);
  b.both("absolute", &abs, "See abs.", input);
  b.both("abs", &abs, "Absolute value, elementwise; its slope at 0 is 0.", input);
  b.both("negative", &neg, "See neg.", input);
  b.both("neg", &neg, "-input, elementwise.", input);
  b.both("sign", &sign, "-1, 0 or 1, elementwise; 0 for NaN; the gradient is 0.", input);
  b.both("floor", &floor, "The largest integer <= input, elementwise; the gradient is 0.", input);
  b.both("ceil", &ceil, "The smallest integer >= input, elementwise; the gradient is 0.", input);
  b.both("fix", &trunc, "See trunc.", input);
  b.both("sgn", &sign, "See sign: there are no complex tensors.", input);
  b.both("trunc", &trunc, "input without its fraction, elementwise; the gradient is 0.", input);
  b.both(
      "round", [](const Tensor& x, std::int64_t decimals) { return round(x, decimals); },
      "The nearest number of so many decimal digits, of two the even one, elementwise; the gradient is 0.", input,
      py::kw_only(), py::arg("decimals") = 0);
  b.method("__abs__", &abs, "");
  b.method("__neg__", &neg, "");
  b.method("__pos__", [](const Tensor& x) { return x; }, "");
}

void bind_unary_in_place(Bindings& b) {
  bind_unary_in_place<abs_on, Takes::numbers>(b, "abs_");
  bind_unary_in_place<neg_on, Takes::numbers>(b, "neg_");
  bind_unary_in_place<exp_on>(b, "exp_");
  bind_unary_in_place<exp2_on>(b, "exp2_");
  bind_unary_in_place<expm1_on>(b, "expm1_");
  bind_unary_in_place<log_on>(b, "log_");
  bind_unary_in_place<log1p_on>(b, "log1p_");
  bind_unary_in_place<log2_on>(b, "log2_");
  bind_unary_in_place<log10_on>(b, "log10_");
  bind_unary_in_place<sqrt_on>(b, "sqrt_");
  bind_unary_in_place<sin_on>(b, "sin_");
  bind_unary_in_place<cos_on>(b, "cos_");
  bind_unary_in_place<tan_on>(b, "tan_");
  bind_unary_in_place<erf_on>(b, "erf_");
  bind_unary_in_place<sign_on, Takes::numbers>(b, "sign_");
  bind_unary_in_place<floor_on, Takes::integral>(b, "floor_");
  bind_unary_in_place<ceil_on, Takes::integral>(b, "ceil_");
  bind_unary_in_place<trunc_on, Takes::integral>(b, "trunc_");
  b.method(
      "round_",
      [](const Tensor& x, std::int64_t decimals) {
        if (decimals == 0) return unary_in_place<round_on, Takes::integral>("round_", x);
        return write_result("round_", x, [&] { return round(x, decimals); });
      },
      "In place; RuntimeError where a gradient would be lost.", py::kw_only(), py::arg("decimals") = 0);
}

}  // namespace

void bind_arithmetic(Bindings& b) {
  bind_binary(b);
  bind_unary(b);
  bind_unary_in_place(b);
  b.both("lerp", &lerp,
         "input + weight * (end - input), elementwise and broadcast; exact at weight 0 and 1.\n\n"
         "input, end: one float dtype. weight: a number or a tensor of that dtype.",
         py::arg("input").none(false), py::arg("end").none(false), py::arg("weight"));
  const py::arg tensor1 = py::arg("tensor1").none(false), tensor2 = py::arg("tensor2").none(false);
  const py::arg_v value = py::arg("value") = 1;
  b.both("addcmul", &addcmul, "input + value * tensor1 * tensor2, elementwise and broadcast; dtypes are promoted.",
         py::arg("input").none(false), tensor1, tensor2, py::kw_only(), value);
  b.both(
      "addcdiv", &addcdiv,
      "input + value * tensor1 / tensor2, elementwise and broadcast; dtypes are promoted; TypeError without a float.",
      py::arg("input").none(false), tensor1, tensor2, py::kw_only(), value);
  const py::arg_v min = py::arg("min") = py::none(), max = py::arg("max") = py::none();
  for (const char* name : {"clamp", "clip"})
    b.both(name, &clamp_between,
           "input limited to [min, max], numbers or tensors that broadcast; None leaves a side open; NaN stays NaN.",
           py::arg("input").none(false), min, max);
  b.method(
      "clamp_",
      [](const Tensor& x, const std::optional<Operand>& low, const std::optional<Operand>& high) {
        const bool numbers = !(low && low->tensor.defined()) && !(high && high->tensor.defined());
        if (!numbers) return write_result("clamp_", x, [&] { return clamp_between(x, low, high); });
        return clamp_(x, low ? std::optional(low->scalar) : std::nullopt,
                      high ? std::optional(high->scalar) : std::nullopt);
      },
      "clamp in place.", min, max);
  b.method("fill_", &fill_, "All elements become value, in place.", py::arg("value"));
  b.method(
      "zero_", [](const Tensor& x) { return fill_(x, {Scalar::integer, 0, 0}); }, "All elements become 0, in place.");
  b.method("copy_", &copy_, "Takes the values of src, broadcast and converted, in place.", py::arg("src").none(false));
}

}  // namespace tilestack

#include "bind/in_place.h"
#include "ops/acos/acos.h"
#include "ops/acosh/acosh.h"
#include "ops/asin/asin.h"
#include "ops/asinh/asinh.h"
#include "ops/atan/atan.h"
#include "ops/atan2/atan2.h"
#include "ops/atanh/atanh.h"
#include "ops/cosh/cosh.h"
#include "ops/erfc/erfc.h"
#include "ops/fmod/fmod.h"
#include "ops/hypot/hypot.h"
#include "ops/logaddexp/logaddexp.h"
#include "ops/sinh/sinh.h"

namespace tilestack {
namespace {

// f(x), x.f() and x.f_(), and the same under numpy's name for it.
template <auto table_on, Tensor (*op)(const Tensor&)>
void bind_function(Bindings& b, const char* name, const char* name_, const char* doc, const char* numpys = nullptr,
                   const char* numpys_ = nullptr) {
  const py::arg input = py::arg("input").none(false);
  b.both(name, op, doc, input);
  bind_unary_in_place<table_on>(b, name_);
  if (!numpys) return;
  b.both(numpys, op, doc, input);
  bind_unary_in_place<table_on>(b, numpys_);
}

void bind_pair(Bindings& b, const char* name, Tensor (*op)(const Operand&, const Operand&), const char* doc) {
  b.function(name, op, doc, py::arg("input"), py::arg("other"));
  b.method(name, op, doc, py::arg("other"));
}

}  // namespace

void bind_functions(Bindings& b) {
  bind_function<asin_on, asin>(b, "asin", "asin_", "Arc sine; NaN beyond [-1, 1]; integers become float32.", "arcsin",
                               "arcsin_");
  bind_function<acos_on, acos>(b, "acos", "acos_", "Arc cosine; NaN beyond [-1, 1]; integers become float32.", "arccos",
                               "arccos_");
  bind_function<atan_on, atan>(b, "atan", "atan_", "Arc tangent; integers become float32.", "arctan", "arctan_");
  bind_function<sinh_on, sinh>(b, "sinh", "sinh_", "Hyperbolic sine; integers become float32.");
  bind_function<cosh_on, cosh>(b, "cosh", "cosh_", "Hyperbolic cosine; integers become float32.");
  bind_function<asinh_on, asinh>(b, "asinh", "asinh_", "Inverse hyperbolic sine; integers become float32.", "arcsinh",
                                 "arcsinh_");
  bind_function<acosh_on, acosh>(
      b, "acosh", "acosh_", "Inverse hyperbolic cosine; NaN below 1; integers become float32.", "arccosh", "arccosh_");
  bind_function<atanh_on, atanh>(b, "atanh", "atanh_",
                                 "Inverse hyperbolic tangent; NaN beyond [-1, 1]; integers become float32.", "arctanh",
                                 "arctanh_");
  bind_function<erfc_on, erfc>(b, "erfc", "erfc_", "1 - erf(input) without cancellation; integers become float32.");

  const char* angle = "The angle of the point (other, input), in [-pi, pi], elementwise and broadcast.";
  bind_pair(b, "atan2", &atan2, angle);
  bind_pair(b, "arctan2", &atan2, angle);
  bind_pair(b, "hypot", &hypot, "sqrt(input^2 + other^2) without overflow, elementwise and broadcast.");
  bind_pair(b, "logaddexp", &logaddexp, "log(exp(input) + exp(other)) without overflow, elementwise and broadcast.");
  bind_pair(b, "fmod", &fmod,
            "The rest of input / other rounded towards zero, with input's sign, elementwise and broadcast.");
}

}  // namespace tilestack

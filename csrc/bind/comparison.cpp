#include "bind/bind.h"
#include "core/elementwise_op.h"
#include "ops/abs/abs.h"
#include "ops/bitwise_and/bitwise_and.h"
#include "ops/bitwise_not/bitwise_not.h"
#include "ops/bitwise_or/bitwise_or.h"
#include "ops/bitwise_xor/bitwise_xor.h"
#include "ops/eq/eq.h"
#include "ops/ge/ge.h"
#include "ops/gt/gt.h"
#include "ops/le/le.h"
#include "ops/logical_and/logical_and.h"
#include "ops/logical_not/logical_not.h"
#include "ops/logical_or/logical_or.h"
#include "ops/logical_xor/logical_xor.h"
#include "ops/lt/lt.h"
#include "ops/ne/ne.h"
#include "ops/where/where.h"

namespace tilestack {
namespace {

using Binary = Tensor (*)(const Operand&, const Operand&);

// The function, the method and the operators of Python that mean it.
void bind_pair(Bindings& b, const char* name, Binary op, const char* doc, const char* symbol,
               const char* reflected = nullptr) {
  b.function(name, op, doc, py::arg("input"), py::arg("other"));
  b.method(name, op, doc, py::arg("other"));
  if (symbol) b.method(symbol, op, "", py::is_operator());
  if (reflected)
    b.method(reflected, [op](const Operand& x, const Operand& y) { return op(y, x); }, "", py::is_operator());
}

Scalar infinity() { return {Scalar::real, HUGE_VAL, 0}; }

}  // namespace

void bind_comparison(Bindings& b) {
  bind_pair(b, "eq", &eq, "input == other, elementwise and broadcast: bool.", "__eq__");
  bind_pair(b, "ne", &ne, "input != other, elementwise and broadcast: bool.", "__ne__");
  bind_pair(b, "lt", &lt, "input < other, elementwise and broadcast: bool.", "__lt__");
  bind_pair(b, "le", &le, "input <= other, elementwise and broadcast: bool.", "__le__");
  bind_pair(b, "gt", &gt, "input > other, elementwise and broadcast: bool.", "__gt__");
  bind_pair(b, "ge", &ge, "input >= other, elementwise and broadcast: bool.", "__ge__");
  bind_pair(b, "logical_and", &logical_and, "Whether both are not 0, elementwise and broadcast.", nullptr);
  bind_pair(b, "logical_or", &logical_or, "Whether one or both are not 0, elementwise and broadcast.", nullptr);
  bind_pair(b, "logical_xor", &logical_xor, "Whether just one is not 0, elementwise and broadcast.", nullptr);
  bind_pair(b, "bitwise_and", &bitwise_and, "input & other of integers or bools; TypeError for floats.", "__and__",
            "__rand__");
  bind_pair(b, "bitwise_or", &bitwise_or, "input | other of integers or bools; TypeError for floats.", "__or__",
            "__ror__");
  bind_pair(b, "bitwise_xor", &bitwise_xor, "input ^ other of integers or bools; TypeError for floats.", "__xor__",
            "__rxor__");

  const py::arg input = py::arg("input").none(false);
  b.both("logical_not", &logical_not, "Whether it is 0, elementwise.", input);
  b.both("bitwise_not", &bitwise_not, "~input of integers or bools; TypeError for floats.", input);
  b.method("__invert__", &bitwise_not, "");
  b.both("isnan", [](const Tensor& x) { return ne(x, x); }, "Whether it is NaN, elementwise.", input);
  b.both(
      "isinf", [](const Tensor& x) { return eq(abs(as_float(x.detach())), infinity()); },
      "Whether it is infinite, elementwise.", input);
  b.both(
      "isfinite", [](const Tensor& x) { return lt(abs(as_float(x.detach())), infinity()); },
      "Whether it is neither infinite nor NaN, elementwise.", input);
  b.function("where", &where,
             "input where condition is not 0, else other; all broadcast.\n\n"
             "condition: tensor. input, other: tensors or numbers, promoted to one dtype.",
             py::arg("condition").none(false), py::arg("input"), py::arg("other"));
  b.method(
      "where",
      [](const Tensor& x, const Tensor& condition, const Operand& other) { return where(condition, x, other); },
      "self where condition is not 0, else other; all broadcast.", py::arg("condition").none(false), py::arg("other"));
}

}  // namespace tilestack

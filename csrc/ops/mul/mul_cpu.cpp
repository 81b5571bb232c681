#include "core/elementwise.h"
#include "core/wrapping.h"
#include "ops/mul/mul.h"

namespace tilestack::TILESTACK_ISA {
namespace {

void forward(View a, View b, View y) {
  if (y.dtype == DType::bool_) return map<bool(bool, bool)>([](auto a, auto b) { return a & b; }, y, a, b);
  visit_number(y.dtype, [&]<class T>() {
    map<T(T, T)>([](auto a, auto b) { return wrapping([](auto a, auto b) { return a * b; }, a, b); }, y, a, b);
  });
}

}  // namespace
constinit const BinaryMap mul = {forward};
}  // namespace tilestack::TILESTACK_ISA

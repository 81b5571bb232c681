#include "core/elementwise.h"
#include "ops/bitwise_or/bitwise_or.h"

namespace tilestack::TILESTACK_ISA {
namespace {

void forward(View a, View b, View y) {
  visit_size(y.dtype, [&]<class T>() { map<T(T, T)>([](auto a, auto b) { return a | b; }, y, a, b); });
}

}  // namespace
constinit const BinaryMap bitwise_or = {forward};
}  // namespace tilestack::TILESTACK_ISA

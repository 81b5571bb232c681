#include "core/elementwise.h"
#include "core/wrapping.h"
#include "ops/sub/sub.h"

namespace tilestack::TILESTACK_ISA {
namespace {

void forward(View a, View b, View y) {
  visit_number(y.dtype, [&]<class T>() {
    map<T(T, T)>([](auto a, auto b) { return wrapping([](auto a, auto b) { return a - b; }, a, b); }, y, a, b);
  });
}

}  // namespace
constinit const BinaryMap sub = {forward};
}  // namespace tilestack::TILESTACK_ISA

#include "core/elementwise.h"
#include "ops/neg/neg.h"

namespace tilestack::TILESTACK_ISA {
namespace {

void forward(View x, View y) {
  visit_number(x.dtype, [&]<class T>() { map<T(T)>([](auto x) { return -x; }, y, x); });
}

}  // namespace
constinit const UnaryMap neg = {forward};
}  // namespace tilestack::TILESTACK_ISA

#include "core/elementwise.h"
#include "core/wrapping.h"
#include "ops/neg/neg.h"

namespace tilestack::TILESTACK_ISA {
namespace {

void forward(View x, View y) {
  visit_number(x.dtype,
               [&]<class T>() { map<T(T)>([](auto x) { return wrapping([](auto x) { return -x; }, x); }, y, x); });
}

}  // namespace
constinit const UnaryMap neg = {forward};
}  // namespace tilestack::TILESTACK_ISA

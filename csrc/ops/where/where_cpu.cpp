#include "core/elementwise.h"
#include "ops/where/where.h"

namespace tilestack::TILESTACK_ISA {
namespace {

void forward(View condition, View a, View b, View y) {
  visit_size(y.dtype, [&]<class T>() {
    map<T(bool, T, T)>(
        [](auto condition, auto a, auto b) { return __builtin_convertvector(condition, decltype(a)) != 0 ? a : b; }, y,
        condition, a, b);
  });
}

}  // namespace
constinit const WhereKernels where = {forward};
}  // namespace tilestack::TILESTACK_ISA

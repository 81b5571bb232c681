#include "core/elementwise.h"
#include "ops/sign/sign.h"

namespace tilestack::TILESTACK_ISA {
namespace {

void forward(View x, View y) {
  visit_number(x.dtype, [&]<class T>() {
    map<T(T)>(
        [](auto x) {
          using V = decltype(x);
          return x > 0 ? V{} + 1 : (x < 0 ? V{} - 1 : V{});
        },
        y, x);
  });
}

}  // namespace
constinit const UnaryMap sign = {forward};
}  // namespace tilestack::TILESTACK_ISA

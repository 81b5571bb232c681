#include "core/elementwise.h"
#include "core/wrapping.h"
#include "ops/abs/abs.h"

namespace tilestack::TILESTACK_ISA {
namespace {

void forward(View x, View y) {
  visit_number(x.dtype, [&]<class T>() {
    map<T(T)>([](auto x) { return x > 0 ? x : wrapping([](auto x) { return 0 - x; }, x); }, y, x);
  });
}

void backward(View x, View dy, View dx) {
  visit_float(x.dtype, [&]<class T>() {
    map<T(T, T)>([](auto x, auto dy) { return x > 0 ? dy : (x < 0 ? -dy : x * 0); }, dx, x, dy);
  });
}

}  // namespace
constinit const UnaryKernels abs = {forward, backward};
}  // namespace tilestack::TILESTACK_ISA

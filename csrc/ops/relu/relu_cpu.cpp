#include "core/elementwise.h"
#include "ops/relu/relu.h"

namespace tilestack::TILESTACK_ISA {
namespace {

void forward(View x, View y) {
  visit_number(x.dtype, [&]<class T>() { map<T(T)>([](auto x) { return x < 0 ? 0 : x; }, y, x); });
}

void backward(View y, View dy, View dx) {
  visit_float(y.dtype, [&]<class T>() { map<T(T, T)>([](auto y, auto dy) { return y <= 0 ? 0 : dy; }, dx, y, dy); });
}

}  // namespace
constinit const UnaryKernels relu = {forward, backward};
}  // namespace tilestack::TILESTACK_ISA

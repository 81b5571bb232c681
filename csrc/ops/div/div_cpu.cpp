#include "core/elementwise.h"
#include "ops/div/div.h"

namespace tilestack::TILESTACK_ISA {
namespace {

void forward(View a, View b, View y) {
  visit_float(y.dtype, [&]<class T>() { map<T(T, T)>([](auto a, auto b) { return a / b; }, y, a, b); });
}

void backward_a(View, View b, View dy, View da) { forward(dy, b, da); }

void backward_b(View a, View b, View dy, View db) {
  visit_float(dy.dtype, [&]<class T>() {
    map<T(T, T, T)>([](auto a, auto b, auto dy) { return -(dy / b) * (a / b); }, db, a, b, dy);  // b^2 might overflow
  });
}

}  // namespace
constinit const BinaryKernels div = {forward, backward_a, backward_b};
}  // namespace tilestack::TILESTACK_ISA

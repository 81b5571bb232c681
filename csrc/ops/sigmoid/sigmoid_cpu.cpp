#include "core/elementwise.h"
#include "core/vec_math.h"
#include "ops/sigmoid/sigmoid.h"

namespace tilestack::TILESTACK_ISA {
namespace {

void forward(View x, View y) {
  visit_float(x.dtype, [&]<class T>() { map<T(T)>([](auto x) { return vsigmoid(x); }, y, x); });
}

void backward(View y, View dy, View dx) {
  visit_float(y.dtype, [&]<class T>() { map<T(T, T)>([](auto y, auto dy) { return dy * y * (1 - y); }, dx, y, dy); });
}

}  // namespace
constinit const UnaryKernels sigmoid = {forward, backward};
}  // namespace tilestack::TILESTACK_ISA

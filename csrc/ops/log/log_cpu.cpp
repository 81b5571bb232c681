#include "core/elementwise.h"
#include "core/vec_math.h"
#include "ops/log/log.h"

namespace tilestack::TILESTACK_ISA {
namespace {

void forward(View x, View y) {
  visit_float(x.dtype, [&]<class T>() { map<T(T)>([](auto x) { return vlog(x); }, y, x); });
}

void backward(View x, View dy, View dx) {
  visit_float(x.dtype, [&]<class T>() { map<T(T, T)>([](auto x, auto dy) { return dy / x; }, dx, x, dy); });
}

}  // namespace
constinit const UnaryKernels log = {forward, backward};
}  // namespace tilestack::TILESTACK_ISA

#include "core/elementwise.h"
#include "ops/clamp/clamp.h"

namespace tilestack::TILESTACK_ISA {
namespace {

void forward(View x, View low, View high, View y) {
  visit_number(y.dtype, [&]<class T>() {
    map<T(T, T, T)>(
        [](auto x, auto low, auto high) {
          const auto above = x < low ? low : x;
          return above > high ? high : above;
        },
        y, x, low, high);
  });
}

void backward(View x, View low, View high, View dy, View dx) {
  visit_float(x.dtype, [&]<class T>() {
    map<T(T, T, T, T)>([](auto x, auto low, auto high, auto dy) { return x >= low ? (x <= high ? dy : 0) : 0; }, dx, x,
                       low, high, dy);
  });
}

}  // namespace
constinit const ClampKernels clamp = {forward, backward};
}  // namespace tilestack::TILESTACK_ISA

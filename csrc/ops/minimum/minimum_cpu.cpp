#include "core/elementwise.h"
#include "ops/minimum/minimum.h"

namespace tilestack::TILESTACK_ISA {
namespace {

void forward(View a, View b, View y) {
  if (y.dtype == DType::bool_) return map<bool(bool, bool)>([](auto a, auto b) { return a & b; }, y, a, b);
  visit_number(y.dtype, [&]<class T>() {
    map<T(T, T)>(
        [](auto a, auto b) {
          const auto smaller = a < b ? a : b;  // b where either is NaN
          return a == a ? smaller : a;
        },
        y, a, b);
  });
}

void backward_a(View a, View b, View dy, View da) {
  visit_float(dy.dtype, [&]<class T>() {
    map<T(T, T, T)>([](auto a, auto b, auto dy) { return a > b ? 0 : (a == b ? dy * Compute<T>(0.5) : dy); }, da, a, b,
                    dy);
  });
}

void backward_b(View a, View b, View dy, View db) { backward_a(b, a, dy, db); }

}  // namespace
constinit const BinaryKernels minimum = {forward, backward_a, backward_b};
}  // namespace tilestack::TILESTACK_ISA

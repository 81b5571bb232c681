#include "core/elementwise.h"
#include "ops/remainder/remainder.h"

namespace tilestack::TILESTACK_ISA {
namespace {

template <class T>
TILESTACK_INLINE T floor_rest(T a, T b) {
  if constexpr (__is_same(T, float) || __is_same(T, double)) {
    const T rest = __builtin_fmod(a, b);
    return rest != 0 && (b < 0) != (rest < 0) ? rest + b : rest;
  } else {
    if (b == 0 || (T(-1) < T(0) && b == T(-1))) return 0;  // the smallest by -1 would trap
    const T rest = T(a % b);
    return rest != 0 && (b < 0) != (rest < 0) ? T(rest + b) : rest;
  }
}

void forward(View a, View b, View y) {
  visit_number(y.dtype, [&]<class T>() {
    map<T(T, T)>([](auto a, auto b) { return by_lane(a, b, floor_rest<Compute<T>>); }, y, a, b);
  });
}

}  // namespace
constinit const BinaryMap remainder = {forward};
}  // namespace tilestack::TILESTACK_ISA

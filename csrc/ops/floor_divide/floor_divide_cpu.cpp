#include "core/elementwise.h"
#include "ops/floor_divide/floor_divide.h"

namespace tilestack::TILESTACK_ISA {
namespace {

// From fmod, which is exact: floor(a / b) of the rounded quotient may be one too large.
template <class T>
TILESTACK_INLINE T floor_quotient(T a, T b) {
  if constexpr (__is_same(T, float) || __is_same(T, double)) {
    if (b == 0) return a / b;
    const T rest = __builtin_fmod(a, b);
    T quotient = (a - rest) / b;
    if (rest != 0 && (b < 0) != (rest < 0)) quotient -= 1;
    if (quotient == 0) return __builtin_copysign(T(0), a / b);
    const T whole = __builtin_floor(quotient);
    return quotient - whole > T(0.5) ? whole + 1 : whole;
  } else {
    if (b == 0) return 0;
    if (T(-1) < T(0) && b == T(-1)) return T(0 - std::uint64_t(a));  // the smallest by -1 would trap
    const T quotient = T(a / b);
    return T(quotient - (a % b != 0 && (a < 0) != (b < 0)));
  }
}

void forward(View a, View b, View y) {
  visit_number(y.dtype, [&]<class T>() {
    map<T(T, T)>([](auto a, auto b) { return by_lane(a, b, floor_quotient<Compute<T>>); }, y, a, b);
  });
}

}  // namespace
constinit const BinaryMap floor_divide = {forward};
}  // namespace tilestack::TILESTACK_ISA

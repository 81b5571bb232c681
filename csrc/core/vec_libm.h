#pragma once
// Elementary functions that have no vector code: the C library's, lane by lane.
#include "core/vec_math.h"

namespace tilestack::TILESTACK_ISA {
namespace {

#define TILESTACK_BY_LANE(name, function)                                         \
  TILESTACK_INLINE VecF name(VecF x) {                                            \
    for (int i = 0; i < kLanes<float>; ++i) x[i] = __builtin_##function##f(x[i]); \
    return x;                                                                     \
  }                                                                               \
  TILESTACK_INLINE VecD name(VecD x) {                                            \
    for (int i = 0; i < kLanes<double>; ++i) x[i] = __builtin_##function(x[i]);   \
    return x;                                                                     \
  }
#define TILESTACK_BY_LANES(name, function)                                              \
  TILESTACK_INLINE VecF name(VecF x, VecF y) {                                          \
    for (int i = 0; i < kLanes<float>; ++i) x[i] = __builtin_##function##f(x[i], y[i]); \
    return x;                                                                           \
  }                                                                                     \
  TILESTACK_INLINE VecD name(VecD x, VecD y) {                                          \
    for (int i = 0; i < kLanes<double>; ++i) x[i] = __builtin_##function(x[i], y[i]);   \
    return x;                                                                           \
  }
TILESTACK_BY_LANE(vasin, asin)
TILESTACK_BY_LANE(vacos, acos)
TILESTACK_BY_LANE(vatan, atan)
TILESTACK_BY_LANE(vsinh, sinh)
TILESTACK_BY_LANE(vcosh, cosh)
TILESTACK_BY_LANE(vasinh, asinh)
TILESTACK_BY_LANE(vacosh, acosh)
TILESTACK_BY_LANE(vatanh, atanh)
TILESTACK_BY_LANE(verfc, erfc)
TILESTACK_BY_LANES(vatan2, atan2)
TILESTACK_BY_LANES(vhypot, hypot)
#undef TILESTACK_BY_LANE
#undef TILESTACK_BY_LANES

}  // namespace
}  // namespace tilestack::TILESTACK_ISA

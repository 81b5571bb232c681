#include "core/elementwise.h"
#include "core/vec_math.h"
#include "ops/pow/pow.h"

namespace tilestack::TILESTACK_ISA {
namespace {

typedef float HalfVecF __attribute__((vector_size(kVectorBytes / 2)));

// In double, where one rounding of y log(x) is harmless.
TILESTACK_INLINE HalfVecF power_of_half(HalfVecF a, HalfVecF b) {
  const VecD x = __builtin_convertvector(a, VecD), y = __builtin_convertvector(b, VecD);
  const VecD magnitude = vexp(y * vlog(vabs(x)));
  return __builtin_convertvector(magnitude, HalfVecF);
}

TILESTACK_INLINE VecF power(VecF a, VecF b) {
  HalfVecF x[2], y[2];
  __builtin_memcpy(x, &a, sizeof a);
  __builtin_memcpy(y, &b, sizeof b);
  for (int i = 0; i < 2; ++i) x[i] = power_of_half(x[i], y[i]);
  VecF magnitude;
  __builtin_memcpy(&magnitude, x, sizeof magnitude);

  magnitude = vabs(a) == 1 ? 1 : magnitude;
  const VecI whole = __builtin_convertvector(b, VecI);
  const VecI integral = (vabs(b) >= 0x1p23f) | (__builtin_convertvector(whole, VecF) == b);
  const VecI odd = (vabs(b) < 0x1p24f) & integral & -(whole & 1);
  const VecI real = integral | (a == 0) | (vabs(a) == __builtin_inff());  // others have no root of a negative number
  const VecF of_negative = odd ? -magnitude : (real ? magnitude : __builtin_nanf(""));
  return b == 0 ? 1 : ((VecI)a < 0 ? of_negative : magnitude);
}

TILESTACK_INLINE VecD power(VecD a, VecD b) {
  return by_lane(a, b, [](double x, double y) { return __builtin_pow(x, y); });
}

template <class T>
TILESTACK_INLINE T integer_power(T a, T b) {
  if (b < 0) return a == 1 ? 1 : a == T(-1) ? T(b % 2 == 0 ? 1 : -1) : 0;  // rounded towards zero
  std::uint64_t y = 1, x = std::uint64_t(a);
  for (; b > 0; b = T(b / 2), x *= x)
    if (b % 2 != 0) y *= x;
  return T(y);
}

void forward(View a, View b, View y) {
  visit_integer(y.dtype, [&]<class T>() {
    map<T(T, T)>([](auto a, auto b) { return by_lane(a, b, integer_power<T>); }, y, a, b);
  });
  visit_float(y.dtype, [&]<class T>() {
    using C = Compute<T>;
    const double exponent = is_number(b) ? number_of(b) : __builtin_nan("");
    if (exponent == 2) return map<T(T)>([](auto a) { return a * a; }, y, a);
    if (exponent == 3) return map<T(T)>([](auto a) { return a * a * a; }, y, a);
    if (exponent == 0.5) return map<T(T)>([](auto a) { return vsqrt(a); }, y, a);
    if (exponent == -0.5) return map<T(T)>([](auto a) { return C(1) / vsqrt(a); }, y, a);
    if (exponent == -1) return map<T(T)>([](auto a) { return C(1) / a; }, y, a);
    map<T(T, T)>([](auto a, auto b) { return power(a, b); }, y, a, b);
  });
}

void backward_a(View a, View b, View dy, View da) {
  visit_float(dy.dtype, [&]<class T>() {
    using C = Compute<T>;
    const double exponent = is_number(b) ? number_of(b) : __builtin_nan("");
    if (exponent == 2) return map<T(T, T)>([](auto a, auto dy) { return dy * (a + a); }, da, a, dy);
    if (exponent == 3) return map<T(T, T)>([](auto a, auto dy) { return dy * (a * a * C(3)); }, da, a, dy);
    if (exponent == 0.5) return map<T(T, T)>([](auto a, auto dy) { return dy * C(0.5) / vsqrt(a); }, da, a, dy);
    if (exponent == -0.5) return map<T(T, T)>([](auto a, auto dy) { return dy * C(-0.5) / (a * vsqrt(a)); }, da, a, dy);
    if (exponent == -1) return map<T(T, T)>([](auto a, auto dy) { return -dy / (a * a); }, da, a, dy);
    map<T(T, T, T)>([](auto a, auto b, auto dy) { return b == 0 ? 0 : dy * (b * power(a, b - C(1))); }, da, a, b, dy);
  });
}

void backward_b(View a, View b, View dy, View db) {
  visit_float(dy.dtype, [&]<class T>() {
    map<T(T, T, T)>(
        [](auto a, auto b, auto dy) {
          const auto slope = dy * (power(a, b) * vlog(a));
          return a == 0 ? (b >= 0 ? 0 : slope) : slope;
        },
        db, a, b, dy);
  });
}

}  // namespace
constinit const BinaryKernels pow = {forward, backward_a, backward_b};
}  // namespace tilestack::TILESTACK_ISA

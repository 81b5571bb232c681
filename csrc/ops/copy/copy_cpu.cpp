#include "core/elementwise.h"
#include "ops/copy/copy.h"

namespace tilestack::TILESTACK_ISA {
namespace {

constexpr auto itself = [](auto x) { return x; };

template <class To, class From>
TILESTACK_INLINE To converted(From x) {
  if constexpr (is_float(dtype_of<From>) && !is_float(dtype_of<To>) && !__is_same(To, bool)) {
    return To(convert<std::int64_t>(x));  // through int64, so that negative numbers wrap as integers do
  } else {
    return convert<To>(x);
  }
}

template <class To, class From>
void convert_loop(const void*, const ElementRun& run, std::int64_t n) {
  To* y = static_cast<To*>(run.pointers[0]);
  const From* x = static_cast<const From*>(run.pointers[1]);
  const std::int64_t step = run.constant[1] ? 0 : 1;
  if (step == 0) {
    const To value = converted<To>(*x);
    for (std::int64_t i = 0; i < n; ++i) y[i] = value;
  } else {
    for (std::int64_t i = 0; i < n; ++i) y[i] = converted<To>(x[i]);
  }
}

template <class T>
constexpr bool kComputesInFloat = __is_same(Compute<T>, float);

template <class To, class From>
TILESTACK_INLINE void convert_all(const View& x, const View& y) {
  if constexpr (kComputesInFloat<To> && kComputesInFloat<From>) {
    map<To(From)>(itself, y, x);
  } else {
    const View* views[] = {&y, &x};
    run_elementwise(views, 2, convert_loop<To, From>, nullptr);
  }
}

// As bits; through floats where that gives stores past the caches.
void move(const View& x, const View& y) {
  switch (size_of(y.dtype)) {
    case 1:
      return map<std::uint8_t(std::uint8_t)>(itself, y, x);
    case 2:
      return map<std::uint16_t(std::uint16_t)>(itself, y, x);
    case 4:
      return map<float(float)>(itself, y, x);
    default:
      return map<double(double)>(itself, y, x);
  }
}

void forward(View x, View y) {
  if (x.dtype == y.dtype) return move(x, y);
  visit_all(x.dtype, [&]<class From>() {
    visit_all(y.dtype, [&]<class To>() {
      if constexpr (!__is_same(To, From)) convert_all<To, From>(x, y);
    });
  });
}

}  // namespace
constinit const CopyKernels copy = {forward};
}  // namespace tilestack::TILESTACK_ISA

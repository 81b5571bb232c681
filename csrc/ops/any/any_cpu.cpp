#include "core/reduce.h"
#include "ops/any/any.h"

namespace tilestack::TILESTACK_ISA {
namespace {

// 1 where x is not zero, plus c: with c = -1 a zero counts -1, and none is left if all are not zero.
struct NotZero {
  template <class V>
  TILESTACK_INLINE static V map(V x, V c) {
    return (x != 0 ? V{} + 1 : V{}) + c;
  }
};

void forward(View x, View y, bool every) {
  const ReducePlan plan(x, y);
  visit_all(x.dtype, [&]<class S>() {
    using T = Stored<S>;
    using A = Accumulator<T>;
    using Total = typename Add<A>::Total;
    auto store = [&](std::int64_t, std::int64_t at, Total total) { y.data<bool>()[at] = every == (total == 0); };
    reduce<Add<A>>(plan, x.pointer, kRowKernels<Add<A>, NotZero, T>, {nullptr, A(every ? -1 : 0)},
                   emit_each<Total>(store));
  });
}

}  // namespace
constinit const AnyKernels any = {forward};
}  // namespace tilestack::TILESTACK_ISA

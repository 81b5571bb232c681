#pragma once
// The loop of optimizers' kernels: see core/update.h.
#include "core/multi_tensor.h"
#include "core/update.h"

#define TILESTACK_FORMULA TILESTACK_INLINE

namespace tilestack::TILESTACK_ISA {
namespace {

// What is updated of a parameter: itself, or its master in float32.
template <class T>
struct Updated {
  using A = Compute<T>;
  T* param;
  A* master;

  TILESTACK_INLINE Updated(const UpdateLists& lists, std::int64_t tensor, std::int64_t begin)
      : param(lists.params[tensor].data<T>() + begin), master(nullptr) {
    if constexpr (sizeof(T) == 2)
      if (lists.masters) master = lists.masters[tensor].data<A>() + begin;
  }
  template <class Part>
  TILESTACK_INLINE Vec<A> load(std::int64_t i, Part part) const {
    const Vec<A> p = part.load(param + i);
    if constexpr (sizeof(T) == 2) {
      if (master) {
        const Vec<A> m = part.load(master + i);
        T narrow[kLanes<A>];
        TILESTACK_ISA::store(narrow, m);
        return TILESTACK_ISA::load(narrow) == p ? m : p;
      }
    }
    return p;
  }
  template <class Part>
  TILESTACK_INLINE void store(std::int64_t i, Vec<A> value, Part part) const {
    part.store(param + i, value);
    if constexpr (sizeof(T) == 2)
      if (master) part.store(master + i, value);
  }
};

// Formula<A>(options)(p, g, state) for vectors of every parameter, its gradient and its kStates states; p and state, an
// array, are changed. A: float or double.
template <int kStates, template <class> class Formula, class Options>
void update_each(const UpdateLists& lists, const Options& options) {
  constexpr int kArrays = kStates > 0 ? kStates : 1;
  for_each_span(lists.params, lists.count, [&](std::int64_t, std::int64_t k, std::int64_t begin, std::int64_t end) {
    visit_float(lists.params[k].dtype, [&]<class T>() {
      using A = Compute<T>;
      const Formula<A> f(options);
      const Updated<T> param(lists, k, begin);
      const T* grad = lists.grads[k].data<T>() + begin;
      A* states[kArrays];
      for (int s = 0; s < kStates; ++s) states[s] = lists.states[s][k].data<A>() + begin;
      for_vectors<T>(end - begin, [&](std::int64_t i, auto part) {
        Vec<A> p = param.load(i, part), state[kArrays];
#pragma GCC unroll 3
        for (int s = 0; s < kStates; ++s) state[s] = part.load(states[s] + i);
        f(p, part.load(grad + i), state);
        param.store(i, p, part);
#pragma GCC unroll 3
        for (int s = 0; s < kStates; ++s) part.store(states[s] + i, state[s]);
      });
    });
  });
}

}  // namespace
}  // namespace tilestack::TILESTACK_ISA

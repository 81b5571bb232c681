#pragma once
// The launches of optimizers' kernels: see core/update.h.
#include <cmath>

#include "core/update.h"
#include "cuda/multi_tensor.cuh"
#include "cuda/runtime.h"

#define TILESTACK_FORMULA __device__ __forceinline__

namespace tilestack::cuda {
namespace {

// The names that formulas use, for one number.
template <class T>
TILESTACK_FORMULA T vsqrt(T x) {
  return std::sqrt(x);
}
template <class T>
TILESTACK_FORMULA T maximum(T a, T b) {  // NaN in either operand comes out
  return a > b || a != a ? a : b;
}

template <int kStates, template <class> class Formula, class Options>
void update_each(const UpdateLists& lists, const Options& options) {
  gpu::for_each_dtype(lists.params, lists.count, [&]<class T>() {
    const auto f = gpu::changing(Formula<Compute<T>>(options));
    if (gpu::is_refreshing()) return;
    const auto launch = [&]<bool kMaster>() {
      const View* all[2 + kMaster + kStates] = {lists.params, lists.grads};
      if (kMaster) all[2] = lists.masters;
      for (int s = 0; s < kStates; ++s) all[2 + kMaster + s] = lists.states[s];
      gpu::launch_updates<T, kStates, true, kMaster>(all, lists.count, f);
    };
    if constexpr (sizeof(T) == 2)
      if (lists.masters) return launch.template operator()<true>();
    launch.template operator()<false>();
  });
}

}  // namespace
}  // namespace tilestack::cuda

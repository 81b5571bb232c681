#include "core/parallel.h"
#include "ops/nonzero/nonzero.h"

namespace tilestack::TILESTACK_ISA {
namespace {

template <class T>
TILESTACK_INLINE bool is_set(T x) {
  return convert<Compute<T>>(x) != Compute<T>(0);
}

// counts[chunk]: of each chunk of kElementGrain elements. Returns their sum.
template <class T>
std::int64_t count_chunks(const T* x, std::int64_t n, std::int64_t* counts) {
  parallel_for(n, kElementGrain, [&](std::int64_t begin, std::int64_t end) {
    std::int64_t count = 0;
    for (std::int64_t i = begin; i < end; ++i) count += is_set(x[i]);
    counts[begin / kElementGrain] = count;
  });
  std::int64_t sum = 0;
  for (std::int64_t chunk = 0; chunk * kElementGrain < n; ++chunk) sum += counts[chunk];
  return sum;
}

std::int64_t count(View x) {
  const std::int64_t n = x.numel();
  const Scratch<std::int64_t> counts(n / kElementGrain + 1);
  std::int64_t sum = 0;
  visit_all(x.dtype, [&]<class T>() { sum = count_chunks(x.data<T>(), n, counts.data); });
  return sum;
}

void forward(View x, View y) {
  const std::int64_t n = x.numel(), room = y.shape[0];
  const int ndim = x.ndim;
  const Scratch<std::int64_t> before(n / kElementGrain + 1);
  visit_all(x.dtype, [&]<class T>() {
    count_chunks(x.data<T>(), n, before.data);
    std::int64_t sum = 0;
    for (std::int64_t chunk = 0; chunk * kElementGrain < n; ++chunk) {
      const std::int64_t here = before[chunk];
      before[chunk] = sum;
      sum += here;
    }
    parallel_for(n, kElementGrain, [&](std::int64_t begin, std::int64_t end) {
      std::int64_t at = before[begin / kElementGrain];
      for (std::int64_t i = begin; i < end; ++i) {
        if (!is_set(x.data<T>()[i]) || at >= room) continue;
        std::int64_t rest = i;
        for (int d = ndim - 1; d >= 0; --d) {
          y.data<std::int64_t>()[at * ndim + d] = rest % x.shape[d];
          rest /= x.shape[d];
        }
        ++at;
      }
    });
  });
}

}  // namespace
constinit const NonzeroKernels nonzero = {count, forward};
}  // namespace tilestack::TILESTACK_ISA

#include "core/parallel.h"
#include "ops/nonzero/nonzero.h"

namespace tilestack::TILESTACK_ISA {
namespace {

constexpr std::int64_t kChunksAtOnce = kElementGrain / kNonzeroChunk;

template <class T>
TILESTACK_INLINE bool is_set(T x) {
  return convert<Compute<T>>(x) != Compute<T>(0);
}

// f(chunk, begin, end) for each chunk of n elements.
template <class F>
TILESTACK_INLINE void parallel_chunks(std::int64_t n, F&& f) {
  parallel_for((n + kNonzeroChunk - 1) / kNonzeroChunk, kChunksAtOnce, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t chunk = first; chunk < last; ++chunk) {
      const std::int64_t begin = chunk * kNonzeroChunk, end = begin + kNonzeroChunk;
      f(chunk, begin, end < n ? end : n);
    }
  });
}

std::int64_t count(View x, View before) {
  std::int64_t* counts = before.data<std::int64_t>();
  visit_all(x.dtype, [&]<class T>() {
    parallel_chunks(x.numel(), [&](std::int64_t chunk, std::int64_t begin, std::int64_t end) {
      std::int64_t count = 0;
      for (std::int64_t i = begin; i < end; ++i) count += is_set(x.data<T>()[i]);
      counts[chunk] = count;
    });
  });
  std::int64_t sum = 0;
  for (std::int64_t chunk = 0; chunk < before.numel(); ++chunk) {
    const std::int64_t here = counts[chunk];
    counts[chunk] = sum;
    sum += here;
  }
  return sum;
}

void forward(View x, View before, View y) {
  const std::int64_t room = y.shape[0];
  const int ndim = x.ndim;
  visit_all(x.dtype, [&]<class T>() {
    parallel_chunks(x.numel(), [&](std::int64_t chunk, std::int64_t begin, std::int64_t end) {
      std::int64_t at = before.data<std::int64_t>()[chunk];
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

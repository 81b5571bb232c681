#pragma once
// One parallel loop over the elements of many tensors, for kernel files.
#include "core/rows.h"
#include "core/vec_math.h"

namespace tilestack::TILESTACK_ISA {
namespace {

// Elements of one chunk: small against a core's share of the cache even with four tensors at once.
constexpr std::int64_t kSpanGrain = 16384;

// The tensors laid end to end and cut into chunks; f(chunk, tensor, begin, end) for each part of a tensor in a chunk,
// in order within the chunk.
template <class F>
void for_each_span(const View* tensors, std::int64_t count, F&& f) {
  Scratch<std::int64_t> starts(count + 1);
  starts[0] = 0;
  for (std::int64_t i = 0; i < count; ++i) starts[i + 1] = starts[i] + tensors[i].numel();
  parallel_for(starts[count], kSpanGrain, [&](std::int64_t begin, std::int64_t end) {
    std::int64_t low = 0, high = count;  // starts[low] <= begin < starts[high]
    while (high - low > 1) {
      const std::int64_t middle = (low + high) / 2;
      (starts[middle] <= begin ? low : high) = middle;
    }
    for (std::int64_t i = low; i < count && starts[i] < end; ++i) {
      const std::int64_t first = starts[i] > begin ? starts[i] : begin,
                         last = starts[i + 1] < end ? starts[i + 1] : end;
      if (first < last) f(begin / kSpanGrain, i, first - starts[i], last - starts[i]);
    }
  });
}

inline std::int64_t span_chunks(const View* tensors, std::int64_t count) {
  std::int64_t total = 0;
  for (std::int64_t i = 0; i < count; ++i) total += tensors[i].numel();
  return (total + kSpanGrain - 1) / kSpanGrain;
}

// body.operator()<T>(tensor, i, part) for each vector at element i of each tensor, T being its dtype.
template <class F>
void for_each_vector(const View* tensors, std::int64_t count, F&& body) {
  for_each_span(tensors, count, [&](std::int64_t, std::int64_t tensor, std::int64_t begin, std::int64_t end) {
    visit_float(tensors[tensor].dtype, [&]<class T>() {
      for_vectors<T>(end - begin,
                     [&](std::int64_t i, auto part) { body.template operator()<T>(tensor, begin + i, part); });
    });
  });
}

}  // namespace
}  // namespace tilestack::TILESTACK_ISA

#pragma once
// Checks of index tensors, for kernels.
#include "core/view.h"

namespace tilestack::TILESTACK_ISA {
namespace {

// Where the first of n indices outside of [low, high) is; -1 if there is none.
template <class Index>
std::int64_t first_outside(const Index* indices, std::int64_t n, std::int64_t low, std::int64_t high) {
  constexpr std::int64_t kBlock = 256;  // judged as a whole first, which the compiler turns into vectors
  for (std::int64_t begin = 0; begin < n; begin += kBlock) {
    const std::int64_t end = begin + kBlock < n ? begin + kBlock : n;
    bool outside = false;
    for (std::int64_t i = begin; i < end; ++i) outside |= (indices[i] < low) | (indices[i] >= high);
    if (!outside) continue;
    for (std::int64_t i = begin; i < end; ++i)
      if (indices[i] < low || indices[i] >= high) return i;
  }
  return -1;
}

// Where element `flat` of dimensions [begin, end) of v lies, in elements.
TILESTACK_INLINE std::int64_t offset_of(const View& v, int begin, int end, std::int64_t flat) {
  std::int64_t offset = 0;
  for (int i = end - 1; i >= begin; --i) {
    offset += flat % v.shape[i] * v.strides[i];
    flat /= v.shape[i];
  }
  return offset;
}
TILESTACK_INLINE std::int64_t count_of(const View& v, int begin, int end) {
  std::int64_t n = 1;
  for (int i = begin; i < end; ++i) n *= v.shape[i];
  return n;
}

}  // namespace
}  // namespace tilestack::TILESTACK_ISA

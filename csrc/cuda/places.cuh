#pragma once
// Where elements of views lie, for kernels that move rows or single elements.
#include "cuda/fast_div.h"
#include "cuda/runtime.h"

namespace tilestack::gpu {

// n, or an error: kernels count with 31 bits.
inline std::uint32_t counted(const char* op, std::int64_t n) {
  if (n >= std::int64_t(1) << 31) fail(Failure::value, std::string(op) + ": too large for one call on a GPU");
  return static_cast<std::uint32_t>(n);
}

// Dimensions [begin, end) of a view; those that lie dense across each other count as one.
struct Places {
  int dims = 0;
  FastDiv sizes[kMaxDims];  // innermost first
  std::int64_t strides[kMaxDims];
  std::int64_t shape[kMaxDims];

  Places(const View& v, int begin, int end) {
    for (int i = end - 1; i >= begin; --i) {
      if (v.shape[i] == 1) continue;
      if (dims > 0 && v.strides[i] == strides[dims - 1] * shape[dims - 1]) {
        shape[dims - 1] *= v.shape[i];
      } else {
        shape[dims] = v.shape[i];
        strides[dims++] = v.strides[i];
      }
    }
    set_width(1);
  }
  std::int64_t numel() const {
    std::int64_t n = 1;
    for (int d = 0; d < dims; ++d) n *= shape[d];
    return n;
  }
  // Whether all places are multiples of n.
  bool divides(std::int64_t n) const {
    for (int d = 0; d < dims; ++d)
      if (strides[d] % n != 0) return false;
    return true;
  }
  // Whether each `width` elements lie side by side and the first of them at a multiple of `width`.
  bool in_vectors(std::int64_t width) const {
    if (dims == 0 || strides[0] != 1 || shape[0] % width != 0) return false;
    for (int d = 1; d < dims; ++d)
      if (strides[d] % width != 0) return false;
    return true;
  }
  // From now on such vectors are counted, which numel() must be a multiple of.
  void set_width(int width) {
    if (dims > 0) shape[0] /= width, strides[0] *= width;
    for (int d = 0; d < dims; ++d)
      if (shape[d] > 0) sizes[d] = FastDiv(shape[d]);
  }
  // Of the i-th, in elements.
  __device__ __forceinline__ std::int64_t at(std::uint32_t i) const {
    std::int64_t offset = 0;
#pragma unroll
    for (int d = 0; d < kMaxDims; ++d) {
      if (d == dims) break;
      const std::uint32_t here = d + 1 == dims ? i : sizes[d].split(i);
      offset += std::int64_t(here) * strides[d];
    }
    return offset;
  }
};

}  // namespace tilestack::gpu

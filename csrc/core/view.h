#pragma once
#include "core/dtype.h"

namespace tilestack {

constexpr int kMaxDims = 8;

// What a kernel sees of a tensor: memory, type, shape, strides. Owns nothing. Members are forced inline, so that
// objects compiled for one instruction set never share a function body with another's.
struct View {
  void* pointer = nullptr;  // first element
  DType dtype = DType::float32;
  std::int8_t ndim = 0;
  bool on_host = false;  // of a number among operands: in host memory, also where the other operands are on a GPU
  std::int64_t shape[kMaxDims] = {};
  std::int64_t strides[kMaxDims] = {};  // in elements

  template <class T>
  TILESTACK_INLINE T* data() const {
    return static_cast<T*>(pointer);
  }
  TILESTACK_INLINE bool defined() const { return pointer != nullptr || ndim > 0; }
  TILESTACK_INLINE std::int64_t size(int dim) const { return shape[dim < 0 ? dim + ndim : dim]; }
  TILESTACK_INLINE std::int64_t stride(int dim) const { return strides[dim < 0 ? dim + ndim : dim]; }
  TILESTACK_INLINE std::int64_t numel() const {
    std::int64_t n = 1;
    for (int i = 0; i < ndim; ++i) n *= shape[i];
    return n;
  }
  // A contiguous tensor seen as a matrix of its last dimension.
  TILESTACK_INLINE std::int64_t cols() const { return ndim ? shape[ndim - 1] : 1; }
  TILESTACK_INLINE std::int64_t rows() const {
    std::int64_t n = 1;
    for (int i = 0; i + 1 < ndim; ++i) n *= shape[i];
    return n;
  }
  template <class T>
  TILESTACK_INLINE T* row(std::int64_t i) const {
    return data<T>() + i * cols();
  }
  TILESTACK_INLINE bool is_contiguous() const {
    std::int64_t expected = 1;
    for (int i = ndim - 1; i >= 0; --i) {
      if (shape[i] == 0) return true;
      if (shape[i] != 1 && strides[i] != expected) return false;
      expected *= shape[i];
    }
    return true;
  }
  // (N, C, H, W) shape over N, H, W, C memory.
  TILESTACK_INLINE bool is_channels_last() const {
    if (ndim != 4) return false;
    constexpr int order[4] = {1, 3, 2, 0};
    std::int64_t expected = 1;
    for (int i : order) {
      if (shape[i] == 0) return true;
      if (shape[i] != 1 && strides[i] != expected) return false;
      expected *= shape[i];
    }
    return true;
  }
};

}  // namespace tilestack

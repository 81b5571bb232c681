#pragma once
// How an elementwise kernel walks its operands. Decided on the host, once for all element types.
#include "cuda/fast_div.h"

namespace tilestack::gpu {

constexpr int kMapViews = 5;

// Where an operand has the elements that one thread handles: neighbours in the order of the result's memory.
enum class Access : std::uint8_t {
  one,     // one value for all
  dense,   // neighbours, at the same place as in the walk
  vector,  // neighbours, elsewhere
  splat,   // one value for them
  scalar,  // each where its strides say
};

// The dimensions of views of one shape, of which the first is the result: in the order of its memory, innermost first,
// merged where all views continue across, those of size 1 left out. There is at least one.
struct MapPlan {
  int views, width, dims = 0;  // width: elements of a vector
  std::int64_t n = 1;
  std::int64_t shape[kMaxDims] = {}, strides[kMapViews][kMaxDims] = {};  // in elements
  char* pointers[kMapViews];
  std::size_t items[kMapViews];  // bytes of an element
  Access access[kMapViews];

  MapPlan(const View* const* operands, int count, int width);
  bool is_flat() const;  // all operands dense or one value
  // Calls run(context, plan) with this plan or, where indices are beyond 31 bits, with parts of it.
  void for_each_part(void (*run)(const void* context, const MapPlan& plan), const void* context) const;

 private:
  bool merges(const View* const* operands, int d) const;
  Access access_of(int view) const;
  bool is_small() const;
  MapPlan part(std::int64_t begin, std::int64_t end) const;  // of the outermost dimension
};

// Where the operands of one part of a plan have the elements of the walk.
template <int kViews>
struct Walk {
  int dims;
  bool each = false;  // an operand takes its elements one by one
  FastDiv sizes[kMaxDims];
  std::int32_t strides[kMaxDims][kViews];

  explicit Walk(const MapPlan& plan) : dims(plan.dims) {
    for (int d = 0; d < dims; ++d) {
      sizes[d] = FastDiv(plan.shape[d]);
      for (int v = 0; v < kViews; ++v) strides[d][v] = static_cast<std::int32_t>(plan.strides[v][d]);
    }
    for (int v = 0; v < kViews; ++v) each = each || plan.access[v] == Access::scalar;
  }
  // Of element i and, if all are wanted, of its kWidth - 1 successors.
  template <int kWidth>
  __device__ __forceinline__ void find(std::uint32_t i, bool all, std::int32_t (&offsets)[kWidth][kViews]) const {
    std::uint32_t rest[kWidth];
#pragma unroll
    for (int k = 0; k < kWidth; ++k) {
      rest[k] = i + k;
#pragma unroll
      for (int v = 0; v < kViews; ++v) offsets[k][v] = 0;
    }
#pragma unroll 1
    for (int d = 0; d < dims; ++d) {
#pragma unroll
      for (int k = 0; k < kWidth; ++k) {
        if (k > 0 && !all) break;
        const auto at = static_cast<std::int32_t>(sizes[d].split(rest[k]));
#pragma unroll
        for (int v = 0; v < kViews; ++v) offsets[k][v] += at * strides[d][v];
      }
    }
  }
};

}  // namespace tilestack::gpu

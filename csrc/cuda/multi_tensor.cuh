#pragma once
// Lists of tensors in few launches: pointers and sizes travel as the kernel's parameters, up to 4 KB of them. Each
// block has one chunk of one tensor.
#include "cuda/graph.h"
#include "cuda/ragged.cuh"

namespace tilestack::gpu {

constexpr int kListThreads = 256;
constexpr int kParameterBytes = 4096 - 128;  // the rest is for functors

// kLists tensors, of one shape, at each index.
template <int kLists>
struct TensorBatch {
  static constexpr int kTensors = (kParameterBytes - 16) / (8 * kLists + 8 + 4 + 1);
  void* pointers[kLists][kTensors];
  std::int64_t sizes[kTensors];
  unsigned first[kTensors + 1];  // block
  bool aligned[kTensors];
  int count = 0;

  // The tensor of a block; the same for all its threads.
  __device__ __forceinline__ int find(unsigned block) const {
    int low = 0, high = count;  // first[low] <= block < first[high]
    while (high - low > 1) {
      const int middle = (low + high) / 2;
      (first[middle] <= block ? low : high) = middle;
    }
    return low;
  }
};

// The chunk of a block.
struct ListChunk {
  int tensor, count;
  std::int64_t begin;

  template <int kLists>
  __device__ __forceinline__ ListChunk(const TensorBatch<kLists>& batch, int chunk) : tensor(batch.find(blockIdx.x)) {
    begin = std::int64_t(blockIdx.x - batch.first[tensor]) * chunk;
    const std::int64_t rest = batch.sizes[tensor] - begin;
    count = static_cast<int>(rest < chunk ? rest : chunk);
  }
};

// Calls launch(batch, blocks) for batches of the tensors whose first list has this dtype.
template <int kLists, class F>
void for_each_batch(const View* const (&lists)[kLists], std::int64_t count, DType dtype, int chunk, F&& launch) {
  TensorBatch<kLists> batch;
  unsigned blocks = 0;
  const auto flush = [&] {
    batch.first[batch.count] = blocks;
    if (blocks > 0) launch(batch, blocks);
    batch.count = 0;
    blocks = 0;
  };
  for (std::int64_t k = 0; k < count; ++k) {
    const std::int64_t n = lists[0][k].numel();
    if (lists[0][k].dtype != dtype || n == 0) continue;
    const int at = batch.count++;
    batch.sizes[at] = n;
    batch.first[at] = blocks;
    batch.aligned[at] = true;
    for (int list = 0; list < kLists; ++list) {
      batch.pointers[list][at] = lists[list][k].pointer;
      batch.aligned[at] = batch.aligned[at] && is_aligned(lists[list][k].pointer, 16);
    }
    blocks += static_cast<unsigned>(ceil_div(n, std::int64_t(chunk)));
    if (batch.count == TensorBatch<kLists>::kTensors) flush();
  }
  flush();
}

// ---- Updates in place: f(p, g, state), where p and state, an array, are changed. Without gradients g is 0.
constexpr int kUpdateChunk = 4096;

template <class T, int kStates, bool kGradients, class F>
__global__ void __launch_bounds__(kListThreads)
    update_kernel(const __grid_constant__ TensorBatch<1 + kGradients + kStates> batch, F given) {
  using A = Compute<T>;
  constexpr int kWidth = kPack<A>, kFirstState = 1 + kGradients, kArrays = kStates > 0 ? kStates : 1;
  const auto f = given.get();
  const ListChunk chunk(batch, kUpdateChunk);
  const int whole = gpu::whole<kWidth>(batch.aligned[chunk.tensor]);
  const auto at = [&](auto* type, int list) {
    return static_cast<decltype(type)>(batch.pointers[list][chunk.tensor]) + chunk.begin;
  };
  T* const p = at(static_cast<T*>(nullptr), 0);
  const T* const g = at(static_cast<T*>(nullptr), kGradients ? 1 : 0);
  for (int i = threadIdx.x * kWidth; i < chunk.count; i += kListThreads * kWidth) {
    const int count = chunk.count - i;
    Pack<A, kWidth> value = convert_pack<A>(load_first<kWidth>(p + i, count, whole)), gradient = {};
    if constexpr (kGradients) gradient = convert_pack<A>(load_first<kWidth>(g + i, count, whole));
    Pack<A, kWidth> state[kArrays];
#pragma unroll
    for (int s = 0; s < kStates; ++s)
      state[s] = load_first<kWidth>(at(static_cast<A*>(nullptr), kFirstState + s) + i, count, whole);
#pragma unroll
    for (int k = 0; k < kWidth; ++k) {
      A states[kArrays];
#pragma unroll
      for (int s = 0; s < kStates; ++s) states[s] = state[s][k];
      f(value[k], gradient[k], states);
#pragma unroll
      for (int s = 0; s < kStates; ++s) state[s][k] = states[s];
    }
    store_first(p + i, convert_pack<T>(value), count, whole);
#pragma unroll
    for (int s = 0; s < kStates; ++s)
      store_first(at(static_cast<A*>(nullptr), kFirstState + s) + i, state[s], count, whole);
  }
}

inline bool has_dtype(const View* list, std::int64_t count, DType dtype) {
  for (std::int64_t k = 0; k < count; ++k)
    if (list[k].dtype == dtype) return true;
  return false;
}

// The lists: parameters, their gradients if kGradients, and states. make(A()) is the functor that computes in A, in
// something with get(), such as Changing where a graph's launches differ in it.
template <int kStates, bool kGradients, class Make>
void update_each(const View* const (&lists)[1 + kGradients + kStates], std::int64_t count, Make&& make) {
  for (const DType dtype : {DType::float32, DType::float64, DType::bfloat16, DType::float16}) {
    if (!has_dtype(lists[0], count, dtype)) continue;
    visit_float(dtype, [&]<class T>() {
      const auto f = make(Compute<T>());
      if (is_refreshing()) return;
      for_each_batch(lists, count, dtype, kUpdateChunk, [&](const auto& batch, unsigned blocks) {
        launch(update_kernel<T, kStates, kGradients, std::remove_const_t<decltype(f)>>, {blocks, kListThreads}, batch,
               f);
      });
    });
  }
}

}  // namespace tilestack::gpu

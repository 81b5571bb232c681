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

// visit.operator()<T>() for each float dtype that one of the tensors has.
template <class F>
void for_each_dtype(const View* list, std::int64_t count, F&& visit) {
  for (const DType dtype : {DType::float32, DType::float64, DType::bfloat16, DType::float16}) {
    bool found = false;
    for (std::int64_t k = 0; k < count && !found; ++k) found = list[k].dtype == dtype;
    if (found) visit_float(dtype, visit);
  }
}

// ---- Updates in place: f(p, g, state), where p and state, an array, are changed. Without gradients g is 0. With a
// master that is what is updated, p its rounding; where it is not, p counts.
constexpr int kUpdateChunk = 4096;

// What a block works on: its chunk of the lists params, grads if kGradients, masters if kMaster, and states.
template <class T, int kStates, bool kGradients, bool kMaster>
struct UpdateChunk {
  using A = Compute<T>;
  using Batch = TensorBatch<1 + kGradients + kMaster + kStates>;
  static constexpr int kWidth = kPack<A>, kArrays = kStates > 0 ? kStates : 1;
  const Batch& batch;
  const ListChunk chunk;
  const int whole;

  __device__ __forceinline__ explicit UpdateChunk(const Batch& batch)
      : batch(batch), chunk(batch, kUpdateChunk), whole(gpu::whole<kWidth>(batch.aligned[chunk.tensor])) {}
  template <class U>
  __device__ __forceinline__ U* at(int list) const {
    return static_cast<U*>(batch.pointers[list][chunk.tensor]) + chunk.begin;
  }
  __device__ __forceinline__ A* state(int s) const { return at<A>(1 + kGradients + kMaster + s); }

  // body(i, count) for each vector of the chunk, of which `count` elements are there.
  template <class Body>
  __device__ __forceinline__ void for_each(Body&& body) const {
    for (int i = threadIdx.x * kWidth; i < chunk.count; i += kListThreads * kWidth) body(i, chunk.count - i);
  }
  __device__ __forceinline__ Pack<A, kWidth> load_param(int i, int count) const {
    Pack<A, kWidth> value = convert_pack<A>(load_first<kWidth>(at<T>(0) + i, count, whole));
    if constexpr (kMaster) {
      const Pack<A, kWidth> master = load_first<kWidth>(at<A>(1 + kGradients) + i, count, whole);
#pragma unroll
      for (int k = 0; k < kWidth; ++k)
        if (convert<A>(convert<T>(master[k])) == value[k]) value[k] = master[k];
    }
    return value;
  }
  __device__ __forceinline__ void store_param(int i, int count, const Pack<A, kWidth>& value) const {
    store_first(at<T>(0) + i, convert_pack<T>(value), count, whole);
    if constexpr (kMaster) store_first(at<A>(1 + kGradients) + i, value, count, whole);
  }
  __device__ __forceinline__ Pack<A, kWidth> load_grad(int i, int count) const {
    if constexpr (!kGradients) return {};
    return convert_pack<A>(load_first<kWidth>(at<T>(kGradients) + i, count, whole));
  }
};

template <class T, int kStates, bool kGradients, bool kMaster, class F>
__global__ void __launch_bounds__(kListThreads)
    update_kernel(const __grid_constant__ TensorBatch<1 + kGradients + kMaster + kStates> batch, F given) {
  using Chunk = UpdateChunk<T, kStates, kGradients, kMaster>;
  using A = Compute<T>;
  constexpr int kWidth = Chunk::kWidth;
  const auto f = given.get();
  const Chunk chunk(batch);
  chunk.for_each([&](int i, int count) {
    Pack<A, kWidth> value = chunk.load_param(i, count), state[Chunk::kArrays];
    const Pack<A, kWidth> gradient = chunk.load_grad(i, count);
#pragma unroll
    for (int s = 0; s < kStates; ++s) state[s] = load_first<kWidth>(chunk.state(s) + i, count, chunk.whole);
#pragma unroll
    for (int k = 0; k < kWidth; ++k) {
      A states[Chunk::kArrays];
#pragma unroll
      for (int s = 0; s < kStates; ++s) states[s] = state[s][k];
      f(value[k], gradient[k], states);
#pragma unroll
      for (int s = 0; s < kStates; ++s) state[s][k] = states[s];
    }
    chunk.store_param(i, count, value);
#pragma unroll
    for (int s = 0; s < kStates; ++s) store_first(chunk.state(s) + i, state[s], count, chunk.whole);
  });
}

// The tensors of dtype T. given: has get(), which gives the functor, such as Changing where a graph's launches differ
// in it.
template <class T, int kStates, bool kGradients, bool kMaster, class F>
void launch_updates(const View* const (&lists)[1 + kGradients + kMaster + kStates], std::int64_t count,
                    const F& given) {
  for_each_batch(lists, count, dtype_of<T>, kUpdateChunk, [&](const auto& batch, unsigned blocks) {
    launch(update_kernel<T, kStates, kGradients, kMaster, F>, {blocks, kListThreads}, batch, given);
  });
}

}  // namespace tilestack::gpu

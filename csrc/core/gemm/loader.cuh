#pragma once
// Brings an operand's part of a step into shared memory by way of registers, converted: what is fetched while the block
// works on one step is put down for the next.
#include "core/gemm/operand.cuh"

namespace tilestack::cuda {
namespace {

constexpr int kStep = 16;  // depth of a step
constexpr int kEach = 8;   // elements that a thread fetches

struct Tf32 {  // a float that was rounded to 10 bits of mantissa
  std::uint32_t bits;
};

// Lines of kRows, one for each depth. The padding lets threads put down vectors along the depth without bank conflicts;
// tensor cores read tf32 from four lines at a time without any.
template <class T, int kRows>
constexpr int kLinePitch = kRows + (std::is_same_v<T, Tf32> ? 8 : 4);
template <class T, int kRows>
using StepLine = T[kLinePitch<T, kRows>];

template <class T, class S>
__device__ __forceinline__ T to_staged(S x) {
  if constexpr (std::is_same_v<T, Tf32>) {
    return {ptx::to_tf32(x)};
  } else {
    return convert<T>(x);
  }
}

template <class S, class T, int kRows, int kThreads, bool kVectorsOnly>
struct Loader {
  static_assert(kRows * kStep == kEach * kThreads);
  static constexpr int kVector = sizeof(S) == 1 ? 8 : gpu::kPack<S>;
  static constexpr int kPitch = kLinePitch<T, kRows>;
  using Line = StepLine<T, kRows>;

  const Operand& operand;
  const S* data;
  const Place* places;  // of all rows, in shared memory, where a thread has elements of several rows; else
  std::uint32_t y, x;   // those of its row, or of its vector of rows, which is where data begin
  gpu::Pack<S, kEach> raw;

  // `table` has room for kRows places. A barrier follows.
  __device__ __forceinline__ Loader(const Operand& operand, std::int64_t offset, std::int64_t first, std::int64_t begin,
                                    Place* table)
      : operand(operand),
        data(static_cast<const S*>(operand.data) + offset + operand.slice_offset(begin)),
        places(table) {
    const int t = threadIdx.x;
    const Place row = operand.row(first + (operand.order == Order::depth_vectors ? row_in<kVector, true>(t)
                                           : operand.order == Order::row_vectors ? row_in<kVector, false>(t)
                                                                                 : row_in<1, false>(t)));
    y = row.y;
    x = row.x;
    if (operand.order != Order::depth) {
      data += row.offset;
    } else if (t < kRows) {
      table[t] = row;
    }
  }

  // The place in the step of the first element of vector j of a thread, given by its first vector's and a distance.
  template <int kWidth, bool kAlongDepth>
  __device__ __forceinline__ static int row_in(int t) {
    return !kAlongDepth ? t % (kRows / kWidth) * kWidth : kWidth == 1 ? t / kStep : t / 2;
  }
  template <int kWidth, bool kAlongDepth>
  __device__ __forceinline__ static int depth_in(int t) {
    return !kAlongDepth ? t / (kRows / kWidth) : kWidth == 1 ? t % kStep : t % 2 * kWidth;
  }
  template <int kWidth, bool kAlongDepth>
  static constexpr int kRowDistance = kAlongDepth && kWidth == 1 ? kThreads / kStep : 0;
  template <int kWidth, bool kAlongDepth>
  static constexpr int kDepthDistance = kAlongDepth && kWidth == 1 ? 0 : 2 * kWidth;

  template <int kWidth, bool kAlongDepth>
  __device__ __forceinline__ void fetch_as(int k, std::uint32_t begin, int depth) {
    k += depth_in<kWidth, kAlongDepth>(threadIdx.x);
#pragma unroll
    for (int j = 0; j < kEach / kWidth; ++j) {
      const Place column = operand.column(k + j * kDepthDistance<kWidth, kAlongDepth>, begin, depth);
      Place at{0, y, x};
      if constexpr (kRowDistance<kWidth, kAlongDepth> > 0)
        at = places[row_in<kWidth, kAlongDepth>(threadIdx.x) + j * kRowDistance<kWidth, kAlongDepth>];
      gpu::Pack<S, kWidth> got{};
      if (operand.inside(at, column)) got = gpu::load<kWidth>(data + at.offset + column.offset);
#pragma unroll
      for (int i = 0; i < kWidth; ++i) raw[j * kWidth + i] = got[i];
    }
  }
  // From k on, of a slice that begins at `begin` and is `depth` deep.
  __device__ __forceinline__ void fetch(int k, std::uint32_t begin, int depth) {
    if (operand.order == Order::depth_vectors) return fetch_as<kVector, true>(k, begin, depth);
    if (kVectorsOnly || operand.order == Order::row_vectors) return fetch_as<kVector, false>(k, begin, depth);
    if constexpr (!kVectorsOnly)
      operand.order == Order::depth ? fetch_as<1, true>(k, begin, depth) : fetch_as<1, false>(k, begin, depth);
  }

  template <int kWidth, bool kAlongDepth>
  __device__ __forceinline__ void put_as(Line* to) const {
    T* const first = &to[depth_in<kWidth, kAlongDepth>(threadIdx.x)][row_in<kWidth, kAlongDepth>(threadIdx.x)];
#pragma unroll
    for (int j = 0; j < kEach / kWidth; ++j) {
      T* const at = first + j * (kDepthDistance<kWidth, kAlongDepth> * kPitch + kRowDistance<kWidth, kAlongDepth>);
      if constexpr (kAlongDepth || kWidth == 1) {
#pragma unroll
        for (int i = 0; i < kWidth; ++i) at[i * kPitch] = to_staged<T>(raw[j * kWidth + i]);
      } else {
        gpu::Pack<T, kWidth> line;
#pragma unroll
        for (int i = 0; i < kWidth; ++i) line[i] = to_staged<T>(raw[j * kWidth + i]);
        gpu::store(at, line);
      }
    }
  }
  __device__ __forceinline__ void put(Line* to) const {
    if (operand.order == Order::depth_vectors) return put_as<kVector, true>(to);
    if (kVectorsOnly || operand.order == Order::row_vectors) return put_as<kVector, false>(to);
    if constexpr (!kVectorsOnly) operand.order == Order::depth ? put_as<1, true>(to) : put_as<1, false>(to);
  }
};

}  // namespace
}  // namespace tilestack::cuda

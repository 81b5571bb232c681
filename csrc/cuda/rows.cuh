#pragma once
// Rows of a row-major matrix, each taken by a team of threads: some lanes of a warp, or a block. A thread has the same
// vectors of every row and keeps them in registers; rows too long for that are read as often as they are needed.
#include "cuda/ragged.cuh"
#include "cuda/runtime.h"

namespace tilestack::gpu {

constexpr int kRowThreads = 256;   // of a block with several teams
constexpr int kTeamThreads = 512;  // of the largest team
constexpr int kRowVectors = 4;     // that a thread keeps

// How teams share rows, by the shape alone.
struct RowTeams {
  std::int64_t rows;
  int cols;
  int team;     // threads: a power of two up to 32, or the block
  int threads;  // of a block
  int vectors;  // of a thread: 1, kRowVectors, or 0 if it does not keep them

  RowTeams(std::int64_t rows, std::int64_t cols, int width, int most = kTeamThreads)
      : rows(rows), cols(static_cast<int>(cols)) {
    if (cols >= std::int64_t(1) << 30) fail("rows of 2^30 elements or more are too long for a GPU");
    const std::int64_t all = ceil_div(cols, std::int64_t(width));
    team = 1;
    while (team < 32 && team < all) team *= 2;
    threads = kRowThreads;
    vectors = all <= 32 ? 1 : kRowVectors;
    if (all <= 32 * kRowVectors) return;
    const std::int64_t wanted = ceil_div(all, std::int64_t(32 * kRowVectors)) * 32;
    team = threads = static_cast<int>(wanted < most ? wanted : most);
    if (wanted > most) vectors = 0;
  }
  int teams() const { return threads / team; }  // of a block
  // A grid in which every team has one row.
  unsigned blocks() const { return static_cast<unsigned>(ceil_div(rows, std::int64_t(teams()))); }
};

// The calling thread's place in its team.
struct TeamMember {
  int size, thread;
  std::int64_t row;  // of a grid in which every team has one row
  __device__ explicit TeamMember(const RowTeams& teams)
      : size(teams.team),
        thread(int(threadIdx.x) % teams.team),
        row(std::int64_t(blockIdx.x) * (int(blockDim.x) / teams.team) + int(threadIdx.x) / teams.team) {}
};

// Every thread of the team gets the result; all threads of the block call.
template <class T, class Op>
__device__ __forceinline__ T team_reduce(T value, int team, Op op) {
  if (team > 32) return block_reduce(value, op);
  for (int distance = team / 2; distance > 0; distance /= 2) value = op(value, shuffle_xor(value, distance));
  return value;
}
template <class T>
__device__ __forceinline__ T team_sum(T value, int team) {
  return team_reduce(value, team, Sum());
}

// f(p, i, count): the thread's p-th vector is at i of the row, and `count` elements from there on belong to it, maybe
// none. With kVectors 0 there are as many as it takes, all of them the 0-th.
template <int kVectors, int kWidth, class F>
__device__ __forceinline__ void for_vectors(int n, const TeamMember& me, F&& f) {
  if constexpr (kVectors > 0) {
#pragma unroll
    for (int p = 0; p < kVectors; ++p) {
      const int i = (p * me.size + me.thread) * kWidth;
      f(p, i, n - i);
    }
  } else {
    for (std::int64_t i = me.thread * kWidth; i < n; i += me.size * kWidth) f(0, int(i), n - int(i));
  }
}

// A thread's vectors of a row.
template <class T, int kVectors>
struct RowPart {
  static constexpr int kWidth = kPack<T>;
  const T* row;
  int whole;
  Pack<T, kWidth> kept[kVectors > 0 ? kVectors : 1];

  __device__ __forceinline__ RowPart(const T* row, int n, int whole, const TeamMember& me) : row(row), whole(whole) {
    if constexpr (kVectors > 0)
      for_vectors<kVectors, kWidth>(
          n, me, [&](int p, int i, int count) { kept[p] = load_first<kWidth>(row + i, count, whole); });
  }
  __device__ __forceinline__ Pack<Compute<T>, kWidth> get(int p, int i, int count) const {
    if constexpr (kVectors > 0) return convert_pack<Compute<T>>(kept[p]);
    return convert_pack<Compute<T>>(load_first<kWidth>(row + i, count, whole));
  }
};

// What vectors of all tensors need, the rows of which are `stride` apart.
template <class T, class... Views>
int whole_of(std::int64_t stride, const Views&... views) {
  constexpr int V = kPack<T>;
  return whole<V>((... && (stride % V == 0 && is_aligned(views.pointer, 16))));
}

// f.operator()<kVectors>() with the number of vectors that the teams' threads keep.
template <class F>
void visit_vectors(const RowTeams& teams, F&& f) {
  if (teams.vectors == 1) return f.template operator()<1>();
  if (teams.vectors == kRowVectors) return f.template operator()<kRowVectors>();
  f.template operator()<0>();
}

}  // namespace tilestack::gpu

#pragma once
// Sorts the positions 0 to n - 1 by a key each: least significant digit first, 8 bits at a time, equal keys in their
// order. Integer work in a fixed order, so always the same result.
#include <utility>

#include "cuda/runtime.h"
#include "cuda/scan.cuh"

namespace tilestack::gpu {

constexpr int kSortThreads = 256, kSortWarps = kSortThreads / 32, kSortItems = 8, kSortTile = kSortThreads * kSortItems;
constexpr int kDigits = 256;  // one for each thread

struct SortCounts {
  std::uint32_t of[kSortWarps][kDigits];
};

// Each warp has 256 neighbours of a tile, 32 of them at a time. ranks: how many of the warp's earlier items have the
// same digit. counts: how many items of each digit earlier warps have. Returns how many of digit threadIdx.x the tile
// has. Digits are kDigits where there is no item.
__device__ __forceinline__ std::uint32_t rank_tile(const std::uint32_t (&digits)[kSortItems],
                                                   std::uint32_t (&ranks)[kSortItems], SortCounts& counts) {
  for (int w = 0; w < kSortWarps; ++w) counts.of[w][threadIdx.x] = 0;
  __syncthreads();
#pragma unroll
  for (int i = 0; i < kSortItems; ++i) {
    const unsigned same = __match_any_sync(0xffffffffu, digits[i]), earlier = same & ((1u << lane()) - 1);
    const bool counts_here = digits[i] < kDigits;
    const std::uint32_t before = counts_here ? counts.of[warp()][digits[i]] : 0;
    ranks[i] = before + std::uint32_t(__popc(earlier));
    __syncwarp();
    if (counts_here && earlier == 0) counts.of[warp()][digits[i]] = before + std::uint32_t(__popc(same));
    __syncwarp();
  }
  __syncthreads();
  std::uint32_t sum = 0;
  for (int w = 0; w < kSortWarps; ++w) {
    const std::uint32_t here = counts.of[w][threadIdx.x];
    counts.of[w][threadIdx.x] = sum;
    sum += here;
  }
  __syncthreads();
  return sum;
}

template <class Key>
__device__ __forceinline__ std::uint32_t digit_of(Key key, int shift) {
  return std::uint32_t(key >> shift) % std::uint32_t(kDigits);
}
// Of the tile's items, thread and round to position: neighbours in a warp's share.
__device__ __forceinline__ std::uint32_t item_of_tile(int i) { return std::uint32_t(warp() * 256 + i * 32 + lane()); }

// A whole sort in one block, for n <= kSortTile.
template <class Keys>
__global__ void sort_tile_kernel(Keys key_of, std::uint32_t n, int bits, std::uint32_t* keys,
                                 std::uint32_t* positions) {
  GPU_SHARED(counts, SortCounts);
  GPU_SHARED(first, std::uint32_t[kDigits]);
  GPU_SHARED(sorted_keys, std::uint32_t[kSortTile]);
  GPU_SHARED(sorted_positions, std::uint32_t[kSortTile]);
  std::uint32_t key[kSortItems], position[kSortItems], digit[kSortItems], rank[kSortItems];
#pragma unroll
  for (int i = 0; i < kSortItems; ++i) {
    position[i] = item_of_tile(i);
    key[i] = position[i] < n ? key_of(position[i]) : 0;
  }
  for (int shift = 0; shift < bits; shift += 8) {
#pragma unroll
    for (int i = 0; i < kSortItems; ++i) digit[i] = item_of_tile(i) < n ? digit_of(key[i], shift) : kDigits;
    std::uint32_t total;
    const std::uint32_t mine = rank_tile(digit, rank, counts);
    first[threadIdx.x] = block_scan(mine, total);
    __syncthreads();
#pragma unroll
    for (int i = 0; i < kSortItems; ++i) {
      if (digit[i] == kDigits) continue;
      const std::uint32_t to = first[digit[i]] + counts.of[warp()][digit[i]] + rank[i];
      sorted_keys[to] = key[i];
      sorted_positions[to] = position[i];
    }
    __syncthreads();
#pragma unroll
    for (int i = 0; i < kSortItems; ++i) {
      if (item_of_tile(i) >= n) continue;
      key[i] = sorted_keys[item_of_tile(i)];
      position[i] = sorted_positions[item_of_tile(i)];
    }
  }
#pragma unroll
  for (int i = 0; i < kSortItems; ++i) {
    if (item_of_tile(i) >= n) continue;
    keys[item_of_tile(i)] = key[i];
    positions[item_of_tile(i)] = position[i];
  }
}

template <class Keys>
__global__ void sort_start_kernel(Keys key_of, std::uint32_t n, std::uint32_t* keys, std::uint32_t* positions) {
  for (std::int64_t i = global_thread(); i < n; i += global_threads()) {
    keys[i] = key_of(std::uint32_t(i));
    positions[i] = std::uint32_t(i);
  }
}

// counts[digit][tile]: how many of the tile's keys have the digit.
template <class Key>
__global__ void sort_count_kernel(const Key* keys, std::uint32_t n, int shift, std::uint32_t* counts) {
  GPU_SHARED(count, std::uint32_t[kDigits]);
  count[threadIdx.x] = 0;
  __syncthreads();
  const std::uint32_t begin = blockIdx.x * kSortTile;
#pragma unroll
  for (int i = 0; i < kSortItems; ++i) {
    const std::uint32_t at = begin + threadIdx.x + i * kSortThreads;
    if (at < n) atomicAdd(&count[digit_of(keys[at], shift)], 1u);
  }
  __syncthreads();
  counts[std::size_t(threadIdx.x) * gridDim.x + blockIdx.x] = count[threadIdx.x];
}

// One block for each digit: its counts become those of the earlier tiles; totals[digit]: of all tiles.
template <class Count>
__global__ void sort_scan_kernel(Count* counts, std::uint32_t tiles, Count* totals) {
  Count* row = counts + std::size_t(blockIdx.x) * tiles;
  Count sum = 0;
  for (std::uint32_t begin = 0; begin < tiles; begin += kSortThreads) {
    const std::uint32_t i = begin + threadIdx.x;
    Count total;
    const Count before = block_scan(i < tiles ? row[i] : Count(0), total);
    if (i < tiles) row[i] = sum + before;
    sum += total;
  }
  if (threadIdx.x == 0) totals[blockIdx.x] = sum;
}

template <class Key>
__global__ void sort_scatter_kernel(const Key* keys, const std::uint32_t* positions, std::uint32_t n, int shift,
                                    const std::uint32_t* counts, const std::uint32_t* totals, Key* to_keys,
                                    std::uint32_t* to_positions) {
  GPU_SHARED(in_tile, SortCounts);
  GPU_SHARED(first, std::uint32_t[kDigits]);
  const std::uint32_t begin = blockIdx.x * kSortTile;
  Key key[kSortItems];
  std::uint32_t digit[kSortItems], rank[kSortItems], total;
#pragma unroll
  for (int i = 0; i < kSortItems; ++i) {
    const std::uint32_t at = begin + item_of_tile(i);
    key[i] = at < n ? keys[at] : 0;
    digit[i] = at < n ? digit_of(key[i], shift) : kDigits;
  }
  rank_tile(digit, rank, in_tile);
  first[threadIdx.x] =
      block_scan(totals[threadIdx.x], total) + counts[std::size_t(threadIdx.x) * gridDim.x + blockIdx.x];
  __syncthreads();
#pragma unroll
  for (int i = 0; i < kSortItems; ++i) {
    if (digit[i] == kDigits) continue;
    const std::uint32_t to = first[digit[i]] + in_tile.of[warp()][digit[i]] + rank[i];
    to_keys[to] = key[i];
    to_positions[to] = positions[begin + item_of_tile(i)];
  }
}

// key_of(i), a struct with a __device__ operator()(std::uint32_t), is below 2^bits.
class SortedPositions {
 public:
  template <class Keys>
  SortedPositions(const Keys& key_of, std::uint32_t n, int bits) : memory_(4 * std::int64_t(n)) {
    keys_ = memory_;
    positions_ = keys_ + n;
    if (n <= kSortTile) {
      launch(sort_tile_kernel<Keys>, {1, kSortThreads}, key_of, n, bits, keys_, positions_);
      return;
    }
    launch(sort_start_kernel<Keys>, {blocks_for(n, kSortThreads), kSortThreads}, key_of, n, keys_, positions_);
    std::uint32_t *to_keys = positions_ + n, *to_positions = to_keys + n;
    const std::uint32_t tiles = ceil_div(n, std::uint32_t(kSortTile));
    const Workspace<std::uint32_t> counts(std::int64_t(kDigits) * tiles), totals(kDigits);
    for (int shift = 0; shift < bits; shift += 8) {
      launch(sort_count_kernel<std::uint32_t>, {tiles, kSortThreads}, keys_, n, shift, counts);
      launch(sort_scan_kernel<std::uint32_t>, {kDigits, kSortThreads}, counts, tiles, totals);
      launch(sort_scatter_kernel<std::uint32_t>, {tiles, kSortThreads}, keys_, positions_, n, shift, counts, totals,
             to_keys, to_positions);
      std::swap(keys_, to_keys);
      std::swap(positions_, to_positions);
    }
  }
  const std::uint32_t* keys() const { return keys_; }
  const std::uint32_t* positions() const { return positions_; }

 private:
  Workspace<std::uint32_t> memory_;
  std::uint32_t *keys_, *positions_;
};

// Bits that numbers below n need.
inline int bits_below(std::int64_t n) {
  int bits = 0;
  while (bits < 63 && (std::int64_t(1) << bits) < n) ++bits;
  return bits;
}

}  // namespace tilestack::gpu

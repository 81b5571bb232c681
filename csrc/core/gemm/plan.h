#pragma once
// Which tile a product is cut into, and into how many slices its depth: by an estimate of the time on a large GPU, so
// that the split, and with it every bit of the result, follows from the shapes alone.
#include <cstdlib>

#include "core/gemm/paths.h"
#include "cuda/gpu.h"

namespace tilestack::cuda {
namespace {

// A kernel's tile, the cycles that a multiprocessor needs for it for each `depth` of depth, and how many share it.
struct TileCost {
  int rows, cols, depth;
  double cycles;
  int sharers = 1;
};

constexpr double kNever = 1e200;  // cycles of a tile that does not fit the operands

constexpr int kMultiprocessors = 132;
constexpr double kBlockCycles = 2500, kSliceCycles = 5000;  // to begin and end a block; to launch what adds slices
constexpr double kBytesPerCycle = 1700;
constexpr std::int64_t kMostSlices = 64, kLeastDepth = 128, kMostSliceBytes = 256 << 20;
constexpr std::int64_t kMostDepth = std::int64_t(1) << 30;  // of a slice: kernels count it with 32 bits

// TILESTACK_GEMM_TILE=0 (the largest), 1, ... names the only tile to use, where it fits: for tests.
inline int forced_tile() {
  static const int tile = [] {
    const char* text = std::getenv("TILESTACK_GEMM_TILE");
    return text ? std::atoi(text) : -1;
  }();
  return tile;
}

inline Plan plan_of(const TileCost* tiles, int count, const Gemm& g, std::int64_t batches, std::int64_t sum_bytes) {
  Plan best;
  for (int t = 0; t < count; ++t) {
    const TileCost& tile = tiles[t];
    const std::int64_t blocks = gpu::ceil_div(g.m, tile.rows) * gpu::ceil_div(g.n, tile.cols) * batches * tile.sharers;
    for (std::int64_t slices = 1; slices <= kMostSlices; ++slices) {
      const std::int64_t depth = gpu::ceil_div(gpu::ceil_div(g.k, slices), tile.depth) * tile.depth;
      const std::int64_t used = depth > 0 ? gpu::ceil_div(g.k, depth) : 1;
      const double bytes = double(sum_bytes) * double(g.m) * double(g.n) * double(batches) * double(used);
      if (depth > kMostDepth) continue;
      if (used < slices || (slices > 1 && (depth < kLeastDepth || bytes > kMostSliceBytes))) continue;
      const double rounds = double(gpu::ceil_div(blocks * slices, kMultiprocessors));
      double cycles = rounds * (double(depth / tile.depth) * tile.cycles + kBlockCycles);
      if (slices > 1) cycles += kSliceCycles + 2 * bytes / kBytesPerCycle;
      if (t == forced_tile() && tile.cycles < kNever) cycles *= 1e-9;
      if (cycles < best.cycles) {
        best = {t, slices, depth, cycles};
      }
    }
  }
  return best;
}

}  // namespace
}  // namespace tilestack::cuda

#include "core/gemm/simt.cuh"

#include "core/gemm/launch.h"
#include "core/visit.h"

namespace tilestack::cuda {
namespace {

template <class S, class T, class Tile>
void launch_tile(const Gemm& g, const GemmBatch& batch, const Plan& plan) {
  Product p = product_of(g, batch, plan, Tile::kRows, Tile::kCols);
  run_in_slices<T>(
      p, [&] { gpu::launch(simt_kernel<S, T, Tile>, {tasks_of(p), Tile::kThreads, sizeof(SimtShared<T, Tile>)}, p); });
}

template <class S, class T, class... Tiles>
void run_with(const Gemm& g, const GemmBatch& batch, const double (&cycles)[sizeof...(Tiles)]) {
  constexpr int kTiles = sizeof...(Tiles);
  TileCost costs[kTiles] = {{Tiles::kRows, Tiles::kCols, kStep, 0}...};
  constexpr bool only_vectors[kTiles] = {Tiles::kVectorsOnly...};
  const bool vectors = in_vectors(g.a, g.m, g.k, batch.a, batch.dims) && in_vectors(g.b, g.n, g.k, batch.b, batch.dims);
  for (int t = 0; t < kTiles; ++t) costs[t].cycles = only_vectors[t] && !vectors ? kNever : cycles[t];
  const Plan plan = plan_of(costs, kTiles, g, batch.count(), sizeof(T));
  constexpr void (*launches[kTiles])(const Gemm&, const GemmBatch&, const Plan&) = {launch_tile<S, T, Tiles>...};
  launches[plan.tile](g, batch, plan);
}

}  // namespace

// Cycles: multiply-adds at the processor's rate, more where each byte from shared memory serves fewer of them.
void run_simt(const Gemm& g, const GemmBatch& batch) {
  switch (g.a.dtype) {
    case DType::float32:
      return run_with<float, float, LargeTile, MediumTile, SmallTile>(g, batch, {2300, 700, 300});
    case DType::float64:
      return run_with<double, double, MediumTile, SmallTile>(g, batch, {1300, 450});
    case DType::bfloat16:
      return run_with<bfloat16, float, SmallTile>(g, batch, {300});
    case DType::float16:
      return run_with<float16, float, SmallTile>(g, batch, {300});
    case DType::int64:
      return run_with<std::uint64_t, std::uint64_t, SmallTile>(g, batch, {700});
    case DType::int32:
      return run_with<std::uint32_t, std::uint32_t, SmallTile>(g, batch, {400});
    default:
      return run_with<std::uint8_t, std::uint32_t, SmallTile>(g, batch, {400});
  }
}

}  // namespace tilestack::cuda

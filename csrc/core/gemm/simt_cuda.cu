#include "core/gemm/simt.cuh"

#include "core/gemm/launch.h"
#include "core/visit.h"

namespace tilestack::cuda {
namespace {

template <class S, class T, class Tile>
void launch_tile(const Prepared& x, const Plan& plan) {
  Product p = product_of(x, plan, Tile::kRows, Tile::kCols);
  run_in_slices<T>(
      p, [&] { gpu::launch(simt_kernel<S, T, Tile>, {tasks_of(p), Tile::kThreads, sizeof(SimtShared<T, Tile>)}, p); });
}

template <class S, class T, class... Tiles>
void run_with(const Prepared& x, const double (&cycles)[sizeof...(Tiles)]) {
  constexpr int kTiles = sizeof...(Tiles);
  TileCost costs[kTiles] = {{Tiles::kRows, Tiles::kCols, kStep, 0}...};
  constexpr bool only_vectors[kTiles] = {Tiles::kVectorsOnly...};
  const bool vectors = a_in_vectors(x) && b_in_vectors(x);
  for (int t = 0; t < kTiles; ++t) costs[t].cycles = only_vectors[t] && !vectors ? kNever : cycles[t];
  const Plan plan = plan_of(costs, kTiles, x.product, x.batch.count(), sizeof(T));
  constexpr void (*launches[kTiles])(const Prepared&, const Plan&) = {launch_tile<S, T, Tiles>...};
  launches[plan.tile](x, plan);
}

}  // namespace

// Cycles: multiply-adds at the processor's rate, more where each byte from shared memory serves fewer of them.
void run_simt(const Prepared& x) {
  switch (x.product.a.dtype) {
    case DType::float32:
      return run_with<float, float, LargeTile, MediumTile, SmallTile>(x, {2300, 700, 300});
    case DType::float64:
      return run_with<double, double, MediumTile, SmallTile>(x, {1300, 450});
    case DType::bfloat16:
      return run_with<bfloat16, float, SmallTile>(x, {300});
    case DType::float16:
      return run_with<float16, float, SmallTile>(x, {300});
    case DType::int64:
      return run_with<std::uint64_t, std::uint64_t, SmallTile>(x, {700});
    case DType::int32:
      return run_with<std::uint32_t, std::uint32_t, SmallTile>(x, {400});
    default:
      return run_with<std::uint8_t, std::uint32_t, SmallTile>(x, {400});
  }
}

}  // namespace tilestack::cuda

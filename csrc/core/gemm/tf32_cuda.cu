#include "core/gemm/tf32.cuh"

#include "core/gemm/launch.h"

namespace tilestack::cuda {
namespace {

template <class Tile>
void launch_tile(const Prepared& x, const Plan& plan) {
  Product p = product_of(x, plan, Tile::kSize, Tile::kSize);
  run_in_slices<float>(
      p, [&] { gpu::launch(tf32_kernel<Tile>, {tasks_of(p), Tile::kThreads, sizeof(Tf32Shared<Tile>)}, p); });
}

}  // namespace

// Cycles: 512 multiply-adds each, as a multiprocessor of sm_80 does, at two thirds of that rate and less.
void run_tf32(const Prepared& x) {
  constexpr TileCost costs[] = {{LargeTf32::kSize, LargeTf32::kSize, kStep, 768},
                                {SmallTf32::kSize, SmallTf32::kSize, kStep, 290}};
  const Plan plan = plan_of(costs, 2, x.product, x.batch.count(), sizeof(float));
  plan.tile == 0 ? launch_tile<LargeTf32>(x, plan) : launch_tile<SmallTf32>(x, plan);
}

}  // namespace tilestack::cuda

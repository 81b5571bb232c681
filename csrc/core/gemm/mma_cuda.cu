#include "core/gemm/mma.cuh"

#include "core/gemm/launch.h"

namespace tilestack::cuda {
namespace {

template <class T, class Tile, bool kADepth, bool kBDepth>
void launch_kernel(Product& p) {
  run_in_slices<float>(p, [&] {
    gpu::launch(mma_kernel<T, Tile, kADepth, kBDepth>,
                {tasks_of(p), kMmaThreads, sizeof(MmaShared<T, Tile, kADepth, kBDepth>)}, p);
  });
}

template <class T, class Tile>
void launch_tile(const Prepared& x, const Plan& plan) {
  Product p = product_of(x, plan, Tile::kRows, Tile::kCols);
  const bool a_depth = p.a.order == Order::depth_vectors, b_depth = p.b.order == Order::depth_vectors;
  if (a_depth) return b_depth ? launch_kernel<T, Tile, true, true>(p) : launch_kernel<T, Tile, true, false>(p);
  b_depth ? launch_kernel<T, Tile, false, true>(p) : launch_kernel<T, Tile, false, false>(p);
}

template <class T>
void run_as(const Prepared& x, const Plan& plan) {
  plan.tile == 0 ? launch_tile<T, LargeMma>(x, plan) : launch_tile<T, SmallMma>(x, plan);
}

}  // namespace

// Cycles: 1,024 multiply-adds each, as a multiprocessor of sm_80 does, at two thirds of that rate and less.
Plan plan_mma(const Prepared& x) {
  constexpr TileCost costs[] = {{LargeMma::kRows, LargeMma::kCols, kMmaDepth, 768},
                                {SmallMma::kRows, SmallMma::kCols, kMmaDepth, 290}};
  return plan_of(costs, 2, x.product, x.batch.count(), sizeof(float));
}

void run_mma(const Prepared& x, const Plan& plan) {
  x.product.a.dtype == DType::bfloat16 ? run_as<bfloat16>(x, plan) : run_as<float16>(x, plan);
}

}  // namespace tilestack::cuda

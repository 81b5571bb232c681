#include "core/gemm/wgmma.cuh"

#include "core/gemm/launch.h"

namespace tilestack::cuda {
namespace {

constexpr std::int64_t kMostSize = std::int64_t(1) << 31, kMostStride = std::int64_t(1) << 38;

// Of a matrix's lines. A single line may have any, of which TMA would want multiples of 16 bytes.
std::int64_t line_stride(const GemmOperand& x, bool along_depth, std::int64_t rows, std::int64_t depth) {
  return (along_depth ? rows : depth) == 1 ? (along_depth ? depth : rows) : along_depth ? x.row_stride : x.depth_stride;
}

// Whether TMA can describe the operand.
bool fits_matrix(const GemmOperand& x, bool along_depth, std::int64_t rows, std::int64_t depth) {
  const std::int64_t stride = line_stride(x, along_depth, rows, depth);
  return stride > 0 && stride < kMostStride;
}
bool fits_windows(const Windows& w) {
  const auto in_box = [](std::int64_t first, std::int64_t count, std::int64_t step, std::int64_t size) {
    const std::int64_t last = first + (count - 1) * step - (size - 1);
    return first >= -128 && first <= 127 && last >= -128 && last <= 127 && step <= 8;
  };
  const auto in_taps = [](std::int64_t count, std::int64_t distance) {
    return count > 0 && distance > 0 && (count - 1) * distance < 256;
  };
  return w.channels % kWgmmaDepth == 0 && in_taps(w.taps_high, w.tap_y) && in_taps(w.taps_wide, w.tap_x) &&
         in_box(w.first_x, w.cols, w.step_x, w.width) && in_box(w.first_y, w.rows, w.step_y, w.height);
}
bool fits(const GemmOperand& x, std::int64_t rows, std::int64_t depth, const std::int64_t* strides, int dims) {
  const Order order = order_of(x, rows, depth, strides, dims);
  if (order != Order::depth_vectors && order != Order::row_vectors) return false;
  if (rows >= kMostSize || depth >= kMostSize || dims > 1 || (dims == 1 && strides[0] < 0)) return false;
  return x.windows ? dims == 0 && fits_windows(*x.windows) : fits_matrix(x, order == Order::depth_vectors, rows, depth);
}

std::int64_t bytes_of(std::int64_t stride) { return stride * 2; }

gpu::TensorMap map_of(const GemmOperand& x, const Operand& operand, std::int64_t batch_stride, std::int64_t batches) {
  const bool along_depth = operand.order == Order::depth_vectors;
  if (x.windows) {
    const Windows& w = *x.windows;
    const auto end = [](std::int64_t first, std::int64_t count, std::int64_t step, std::int64_t size) {
      return static_cast<int>(first + (count - 1) * step - (size - 1));
    };
    const std::int64_t images = (along_depth ? operand.rows.size : operand.depth.size) / (w.rows * w.cols);
    const gpu::Im2col box{{static_cast<int>(w.first_x), static_cast<int>(w.first_y)},
                          {end(w.first_x, w.cols, w.step_x, w.width), end(w.first_y, w.rows, w.step_y, w.height)},
                          {static_cast<int>(w.step_x), static_cast<int>(w.step_y)},
                          kWgmmaDepth,
                          along_depth ? kPartRows<true> : kWgmmaDepth};
    return gpu::tensor_map_im2col(x.dtype, x.data, {w.channels, w.width, w.height, images},
                                  {bytes_of(w.pixel_stride), bytes_of(w.row_stride), bytes_of(w.image_stride)}, box,
                                  gpu::Swizzle::bytes128);
  }
  const std::int64_t inner = along_depth ? operand.depth.size : operand.rows.size;
  const std::int64_t outer = along_depth ? operand.rows.size : operand.depth.size;
  const std::int64_t stride = line_stride(x, along_depth, operand.rows.size, operand.depth.size);
  return gpu::tensor_map(x.dtype, x.data, {inner, outer, batch_stride ? batches : 1},
                         {bytes_of(stride), batch_stride ? bytes_of(batch_stride) : bytes_of(stride)},
                         {64, along_depth ? kPartRows<true> : kWgmmaDepth, 1}, gpu::Swizzle::bytes128);
}

// C by TMA, if there is nothing to do but to convert.
WgmmaOutput output_of(const Prepared& x, const Product& p) {
  WgmmaOutput out{};
  const GemmOutput& c = x.product.c;
  const std::int64_t stride = x.batch.dims ? x.batch.c[0] : 0;
  out.direct = p.slices == 1 && !c.bias && !c.pre && !c.residual && c.activation == Activation::none &&
               c.grid_cols == 0 && c.dtype == x.product.a.dtype && gpu::is_aligned(c.data, 16) &&
               c.row_stride % 8 == 0 && stride % 8 == 0 && stride >= 0 && c.row_stride > 0 &&
               (p.batches == 1 || stride > 0);
  if (out.direct)
    out.map = gpu::tensor_map(c.dtype, c.data, {p.n, p.m, p.batches},
                              {bytes_of(c.row_stride), bytes_of(stride ? stride : c.row_stride)}, {kStrip, 64, 1},
                              gpu::Swizzle::bytes128);
  return out;
}

template <class T, class Tile, bool kADepth, bool kBDepth>
void launch_kernel(const Prepared& x, Product& p) {
  const gpu::TensorMap a = map_of(x.product.a, p.a, p.batch.a[0], p.batches);
  const gpu::TensorMap b = map_of(x.product.b, p.b, p.batch.b[0], p.batches);
  const WgmmaOutput c = output_of(x, p);
  const std::uint32_t tasks = tasks_of(p);
  const std::uint32_t places = static_cast<std::uint32_t>(gpu::device_info().multiprocessors) / Tile::kCluster;
  const std::uint32_t clusters = tasks < places || places == 0 ? tasks : places;
  run_in_slices<float>(p, [&] {
    gpu::launch(wgmma_kernel<T, Tile, kADepth, kBDepth>,
                {clusters * Tile::kCluster, kWgmmaThreads, sizeof(WgmmaShared<T, Tile>), Tile::kCluster}, a, b, c, p,
                tasks);
  });
}

template <class T, class Tile>
void launch_tile(const Prepared& x, const Plan& plan) {
  Product p = product_of(x, plan, Tile::kRows * Tile::kCluster, Tile::kCols);
  const bool a_depth = p.a.order == Order::depth_vectors, b_depth = p.b.order == Order::depth_vectors;
  if (a_depth) return b_depth ? launch_kernel<T, Tile, true, true>(x, p) : launch_kernel<T, Tile, true, false>(x, p);
  b_depth ? launch_kernel<T, Tile, false, true>(x, p) : launch_kernel<T, Tile, false, false>(x, p);
}

template <class Tile>
constexpr TileCost cost(double cycles) {
  return {Tile::kRows * Tile::kCluster, Tile::kCols, kWgmmaDepth, cycles, Tile::kCluster};
}

template <class T>
void run_as(const Prepared& x, const Plan& plan) {
  plan.tile == 0 ? launch_tile<T, LargeWgmma>(x, plan) : launch_tile<T, SmallWgmma>(x, plan);
}

}  // namespace

bool fits_wgmma(const Prepared& x) {
  const Gemm& g = x.product;
  return gpu::device_info().arch == 90 && g.k > 0 && g.m < kMostSize && g.n < kMostSize &&
         fits(g.a, x.a_rows, x.a_depth, x.batch.a, x.batch.dims) &&
         fits(g.b, x.b_rows, x.b_depth, x.batch.b, x.batch.dims);
}

// Cycles: 2,048 multiply-adds each at the most.
Plan plan_wgmma(const Prepared& x) {
  constexpr TileCost costs[] = {cost<LargeWgmma>(1200), cost<SmallWgmma>(680)};
  return plan_of(costs, 2, x.product, x.batch.count(), sizeof(float));
}

void run_wgmma(const Prepared& x, const Plan& plan) {
  x.product.a.dtype == DType::bfloat16 ? run_as<bfloat16>(x, plan) : run_as<float16>(x, plan);
}

}  // namespace tilestack::cuda

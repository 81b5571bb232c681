// dz = dy * slope(saved) and the sums of dz's columns, in one pass over dy.
#include "core/gemm/gradient.cuh"

#include "core/gemm/chunks.cuh"
#include "cuda/activate.cuh"

namespace tilestack::cuda {
namespace {

// A block of 8 warps sums kLanes vectors of columns over a chunk of rows: a warp is kLanes vectors wide and 32 / kLanes
// rows high.
constexpr int kThreads = 256, kLanes = 8, kLines = kThreads / kLanes, kRowsUnderWay = 4;
constexpr std::int64_t kBlocks = 132 * 8, kLeastRows = kLines * kRowsUnderWay;

template <class S>
constexpr int kVector = gpu::kPack<S>;

struct Shape {
  std::int64_t rows, cols, chunk;  // rows of a chunk
};

template <class S, int kWidth>
__device__ __forceinline__ gpu::Pack<Compute<S>, kWidth> slope_of(Activation activation, const S* saved,
                                                                  gpu::Pack<Compute<S>, kWidth> v) {
  const auto at = gpu::load_compute<kWidth>(saved);
#pragma unroll
  for (int i = 0; i < kWidth; ++i) v[i] *= gpu::activation_slope(activation, at[i]);
  return v;
}

// Each thread's columns over its rows of the chunk, then the block's lines in order.
template <class S, int kWidth>
__global__ __launch_bounds__(kThreads) void chunk_kernel(Activation activation, const S* dy, const S* saved, S* dz,
                                                         Compute<S>* partial, Shape shape) {
  using T = Compute<S>;
  using Vector = gpu::Pack<T, kWidth>;
  GPU_SHARED(lines, Vector[kLines][kLanes]);
  const int lane = threadIdx.x % kLanes, line = threadIdx.x / kLanes;
  const std::int64_t col = (std::int64_t(blockIdx.x) * kLanes + lane) * kWidth;
  const std::int64_t begin = blockIdx.y * shape.chunk;
  const std::int64_t end = begin + shape.chunk < shape.rows ? begin + shape.chunk : shape.rows;
  Vector sum{};
  if (col < shape.cols) {
#pragma unroll kRowsUnderWay
    for (std::int64_t row = begin + line; row < end; row += kLines) {
      const std::int64_t at = row * shape.cols + col;
      Vector v = gpu::load_compute<kWidth>(dy + at);
      if (activation != Activation::none) {
        v = slope_of<S, kWidth>(activation, saved + at, v);
        gpu::store_compute(dz + at, v);
      }
#pragma unroll
      for (int i = 0; i < kWidth; ++i) sum[i] += v[i];
    }
  }
  if (!partial) return;
  lines[line][lane] = sum;
  __syncthreads();
  if (line > 0 || col >= shape.cols) return;
  for (int other = 1; other < kLines; ++other)
#pragma unroll
    for (int i = 0; i < kWidth; ++i) sum[i] += lines[other][lane][i];
#pragma unroll
  for (int i = 0; i < kWidth; ++i) partial[blockIdx.y * shape.cols + col + i] = sum[i];
}

template <class S, int kWidth>
void run(Activation activation, const void* dy, const void* saved, void* dz, void* db, std::int64_t rows,
         std::int64_t cols) {
  using T = Compute<S>;
  const std::int64_t across = gpu::ceil_div(cols, kLanes * kWidth);
  std::int64_t chunks = gpu::ceil_div(rows, kLeastRows), most = gpu::ceil_div(kBlocks, across);
  if (chunks > most) chunks = most;
  if (chunks < 1) chunks = 1;
  const std::int64_t chunk = gpu::ceil_div(rows, chunks);
  const gpu::Workspace<T> partial(db ? chunks * cols : 0);
  gpu::launch(chunk_kernel<S, kWidth>, {dim3(static_cast<unsigned>(across), static_cast<unsigned>(chunks)), kThreads},
              activation, static_cast<const S*>(dy), static_cast<const S*>(saved), static_cast<S*>(dz),
              db ? partial.data : nullptr, Shape{rows, cols, chunk});
  if (db) add_chunks<S>(partial, static_cast<S*>(db), chunks, cols);
}

}  // namespace

void bias_and_slope(Activation activation, DType dtype, const void* dy, const void* saved, void* dz, void* db,
                    std::int64_t rows, std::int64_t cols) {
  if (cols == 0) return;
  visit_float(dtype, [&]<class S>() {
    constexpr int kWidth = kVector<S>;
    const bool vectors = cols % kWidth == 0 && gpu::is_aligned(dy, 16) && gpu::is_aligned(saved, 16);
    vectors ? run<S, kWidth>(activation, dy, saved, dz, db, rows, cols)
            : run<S, 1>(activation, dy, saved, dz, db, rows, cols);
  });
}

}  // namespace tilestack::cuda

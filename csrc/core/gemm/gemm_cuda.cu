// Which kernels a product runs on.
#include "core/gemm/gemm_cuda.h"

#include <cstdlib>
#include <cstring>

#include "core/gemm/paths.h"
#include "cuda/runtime.h"

namespace tilestack::cuda {
namespace {

enum class Path { any, simt, mma, wgmma };

// TILESTACK_GEMM=simt, mma or wgmma names the only kernels to use where they can do the product: for tests.
Path forced_path() {
  static const Path path = [] {
    const char* name = std::getenv("TILESTACK_GEMM");
    if (!name) return Path::any;
    return std::strcmp(name, "simt") == 0    ? Path::simt
           : std::strcmp(name, "mma") == 0   ? Path::mma
           : std::strcmp(name, "wgmma") == 0 ? Path::wgmma
                                             : Path::any;
  }();
  return path;
}

// Products that are worth the copy of an operand, in multiply-adds for each element copied.
constexpr std::int64_t kWorthCopy = 64, kLeastWork = 1 << 20;

bool is_half(DType dtype) { return dtype == DType::bfloat16 || dtype == DType::float16; }

void run_halves(Prepared& x) {
  const bool copy_a = !a_in_vectors(x), copy_b = !b_in_vectors(x);
  const Gemm& g = x.product;
  const bool large =
      g.m * g.n * g.k >= kLeastWork && g.n >= (copy_a ? kWorthCopy : 1) && g.m >= (copy_b ? kWorthCopy : 1);
  if (forced_path() == Path::simt || ((copy_a || copy_b) && !large && forced_path() == Path::any)) return run_simt(x);
  const gpu::Workspace<char> a(copy_a ? copy_bytes(x, true, g.a.dtype) : 0),
      b(copy_b ? copy_bytes(x, false, g.b.dtype) : 0);
  if (copy_a) copy_operand(x, true, g.a.dtype, a.data);
  if (copy_b) copy_operand(x, false, g.b.dtype, b.data);
  const Plan mma = plan_mma(x);
  if (forced_path() != Path::mma && fits_wgmma(x)) {
    const Plan wgmma = plan_wgmma(x);
    if (wgmma.cycles <= mma.cycles || forced_path() == Path::wgmma) return run_wgmma(x, wgmma);
  }
  run_mma(x, mma);
}

// Operands of one other dtype.
void run_others(const Prepared& x) {
  x.product.a.dtype == DType::float32&& gpu::allows_tf32() ? run_tf32(x) : run_simt(x);
}

// The 16-bit operand of a product whose other one isn't of the same dtype, or both, become float32.
void run_mixed(Prepared& x) {
  const bool copy_a = is_half(x.product.a.dtype), copy_b = is_half(x.product.b.dtype);
  const gpu::Workspace<float> a(copy_a ? copy_bytes(x, true, DType::float32) / 4 : 0),
      b(copy_b ? copy_bytes(x, false, DType::float32) / 4 : 0);
  if (copy_a) copy_operand(x, true, DType::float32, a.data);
  if (copy_b) copy_operand(x, false, DType::float32, b.data);
  run_others(x);
}

}  // namespace

void run_gemm(const Gemm& g, const GemmBatch& batch) {
  if (g.m <= 0 || g.n <= 0 || batch.count() <= 0) return;
  Prepared x(g, batch);
  if (g.a.dtype != g.b.dtype) return run_mixed(x);
  is_half(g.a.dtype) ? run_halves(x) : run_others(x);
}

namespace {

void run(const Gemm& g) { run_gemm(g); }

}  // namespace
const GemmKernels gemm = {run};
TILESTACK_CUDA_TABLE(gemm)
}  // namespace tilestack::cuda

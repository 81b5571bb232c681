#include "core/gemm/gemm_cuda.h"

#include "core/gemm/paths.h"
#include "cuda/runtime.h"

namespace tilestack::cuda {

void run_gemm(const Gemm& g, const GemmBatch& batch) {
  if (g.m <= 0 || g.n <= 0 || batch.count() <= 0) return;
  run_simt(g, batch);
}

namespace {

void run(const Gemm& g) { run_gemm(g); }

}  // namespace
const GemmKernels gemm = {run};
TILESTACK_CUDA_TABLE(gemm)
}  // namespace tilestack::cuda

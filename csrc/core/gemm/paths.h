#pragma once
// The kinds of kernels that products run on, and what they share on the host.
#include "core/gemm/gemm_cuda.h"

namespace tilestack::cuda {

void run_simt(const Gemm& product, const GemmBatch& batch);

}  // namespace tilestack::cuda

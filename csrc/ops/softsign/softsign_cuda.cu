#include "cuda/formula.cuh"
#include "ops/softsign/formula.h"
#include "ops/softsign/softsign.h"

namespace tilestack::cuda {
const UnaryKernels softsign = unary_kernels<Softsign>;
TILESTACK_CUDA_TABLE(softsign)
}  // namespace tilestack::cuda

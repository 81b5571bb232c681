#include "cuda/formula.cuh"
#include "ops/asin/asin.h"
#include "ops/asin/formula.h"

namespace tilestack::cuda {
const UnaryKernels asin = unary_kernels<Asin>;
TILESTACK_CUDA_TABLE(asin)
}  // namespace tilestack::cuda

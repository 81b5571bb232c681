#include "cuda/formula.cuh"
#include "ops/log1p/formula.h"
#include "ops/log1p/log1p.h"

namespace tilestack::cuda {
const UnaryKernels log1p = unary_kernels<Log1p>;
TILESTACK_CUDA_TABLE(log1p)
}  // namespace tilestack::cuda

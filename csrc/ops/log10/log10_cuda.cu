#include "cuda/formula.cuh"
#include "ops/log10/formula.h"
#include "ops/log10/log10.h"

namespace tilestack::cuda {
const UnaryKernels log10 = unary_kernels<Log10>;
TILESTACK_CUDA_TABLE(log10)
}  // namespace tilestack::cuda

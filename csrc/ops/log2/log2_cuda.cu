#include "cuda/formula.cuh"
#include "ops/log2/formula.h"
#include "ops/log2/log2.h"

namespace tilestack::cuda {
const UnaryKernels log2 = unary_kernels<Log2>;
TILESTACK_CUDA_TABLE(log2)
}  // namespace tilestack::cuda

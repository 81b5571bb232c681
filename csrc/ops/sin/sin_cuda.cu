#include "cuda/formula.cuh"
#include "ops/sin/formula.h"
#include "ops/sin/sin.h"

namespace tilestack::cuda {
const UnaryKernels sin = unary_kernels<Sin>;
TILESTACK_CUDA_TABLE(sin)
}  // namespace tilestack::cuda

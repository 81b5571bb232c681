#include "cuda/formula.cuh"
#include "ops/cos/cos.h"
#include "ops/cos/formula.h"

namespace tilestack::cuda {
const UnaryKernels cos = unary_kernels<Cos>;
TILESTACK_CUDA_TABLE(cos)
}  // namespace tilestack::cuda

#include "cuda/formula.cuh"
#include "ops/asinh/asinh.h"
#include "ops/asinh/formula.h"

namespace tilestack::cuda {
const UnaryKernels asinh = unary_kernels<Asinh>;
TILESTACK_CUDA_TABLE(asinh)
}  // namespace tilestack::cuda

#include "cuda/formula.cuh"
#include "ops/silu/formula.h"
#include "ops/silu/silu.h"

namespace tilestack::cuda {
const UnaryKernels silu = unary_kernels<Silu>;
TILESTACK_CUDA_TABLE(silu)
}  // namespace tilestack::cuda

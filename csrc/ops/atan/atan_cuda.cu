#include "cuda/formula.cuh"
#include "ops/atan/atan.h"
#include "ops/atan/formula.h"

namespace tilestack::cuda {
const UnaryKernels atan = unary_kernels<Atan>;
TILESTACK_CUDA_TABLE(atan)
}  // namespace tilestack::cuda

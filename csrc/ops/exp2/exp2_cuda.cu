#include "cuda/formula.cuh"
#include "ops/exp2/exp2.h"
#include "ops/exp2/formula.h"

namespace tilestack::cuda {
const UnaryKernels exp2 = unary_kernels<Exp2>;
TILESTACK_CUDA_TABLE(exp2)
}  // namespace tilestack::cuda

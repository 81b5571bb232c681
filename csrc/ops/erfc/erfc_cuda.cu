#include "cuda/formula.cuh"
#include "ops/erfc/erfc.h"
#include "ops/erfc/formula.h"

namespace tilestack::cuda {
const UnaryKernels erfc = unary_kernels<Erfc>;
TILESTACK_CUDA_TABLE(erfc)
}  // namespace tilestack::cuda

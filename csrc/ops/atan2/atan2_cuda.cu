#include "cuda/formula.cuh"
#include "ops/atan2/atan2.h"
#include "ops/atan2/formula.h"

namespace tilestack::cuda {
const BinaryKernels atan2 = binary_kernels<Atan2>;
TILESTACK_CUDA_TABLE(atan2)
}  // namespace tilestack::cuda

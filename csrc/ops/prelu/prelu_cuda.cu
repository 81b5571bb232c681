#include "cuda/formula.cuh"
#include "ops/prelu/formula.h"
#include "ops/prelu/prelu.h"

namespace tilestack::cuda {
const BinaryKernels prelu = binary_kernels<Prelu>;
TILESTACK_CUDA_TABLE(prelu)
}  // namespace tilestack::cuda

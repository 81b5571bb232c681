#include "cuda/formula.cuh"
#include "ops/swiglu/formula.h"
#include "ops/swiglu/swiglu.h"

namespace tilestack::cuda {
const BinaryKernels swiglu = binary_kernels<Swiglu>;
TILESTACK_CUDA_TABLE(swiglu)
}  // namespace tilestack::cuda

#include "cuda/formula.cuh"
#include "ops/hypot/formula.h"
#include "ops/hypot/hypot.h"

namespace tilestack::cuda {
const BinaryKernels hypot = binary_kernels<Hypot>;
TILESTACK_CUDA_TABLE(hypot)
}  // namespace tilestack::cuda

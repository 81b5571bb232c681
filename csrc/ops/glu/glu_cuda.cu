#include "cuda/formula.cuh"
#include "ops/glu/formula.h"
#include "ops/glu/glu.h"

namespace tilestack::cuda {
const BinaryKernels glu = binary_kernels<Glu>;
TILESTACK_CUDA_TABLE(glu)
}  // namespace tilestack::cuda

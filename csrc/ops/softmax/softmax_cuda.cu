#include "ops/softmax/softmax.h"

#include "cuda/softmax.cuh"

namespace tilestack::cuda {
const SoftmaxKernels softmax = {softmax_forward<false>, softmax_backward<false>};
TILESTACK_CUDA_TABLE(softmax)
}  // namespace tilestack::cuda

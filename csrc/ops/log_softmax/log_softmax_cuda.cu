#include "ops/log_softmax/log_softmax.h"

#include "cuda/softmax.cuh"

namespace tilestack::cuda {
const SoftmaxKernels log_softmax = {softmax_forward<true>, softmax_backward<true>};
TILESTACK_CUDA_TABLE(log_softmax)
}  // namespace tilestack::cuda

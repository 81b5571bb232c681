#include "ops/binary_cross_entropy_with_logits/binary_cross_entropy_with_logits.h"

#include "cuda/math.cuh"
#include "cuda/pointwise_loss.cuh"

namespace tilestack::cuda {
namespace {

struct Loss {
  template <class T>
  __device__ static T loss(T x, T t) {
    return gpu::softplus(x) - x * t;
  }
  template <class T>
  __device__ static T slope(T x, T t) {
    return gpu::sigmoid(x) - t;
  }
};

}  // namespace
const PointwiseLossKernels binary_cross_entropy_with_logits = {gpu::pointwise_forward<Loss>,
                                                               gpu::pointwise_backward<Loss>};
TILESTACK_CUDA_TABLE(binary_cross_entropy_with_logits)
}  // namespace tilestack::cuda

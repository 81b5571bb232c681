#include "ops/huber_loss/huber_loss.h"

#include "cuda/pointwise_loss.cuh"

namespace tilestack::cuda {
namespace {

struct Loss {
  double delta;
  template <class T>
  __device__ T loss(T x, T t) const {
    const T d = x - t, bounded = slope(x, t);
    return bounded * (d - bounded / 2);
  }
  template <class T>
  __device__ T slope(T x, T t) const {
    const T d = x - t, most = T(delta);
    return d > most ? most : d < -most ? -most : d;
  }
};

}  // namespace
const PointwiseLossKernels huber_loss = {gpu::pointwise_forward<Loss>, gpu::pointwise_backward<Loss>};
TILESTACK_CUDA_TABLE(huber_loss)
}  // namespace tilestack::cuda

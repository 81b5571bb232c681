#include "ops/l1_loss/l1_loss.h"

#include "cuda/pointwise_loss.cuh"

namespace tilestack::cuda {
namespace {

struct Loss {
  template <class T>
  __device__ static T loss(T x, T t) {
    return x < t ? t - x : x - t;
  }
  template <class T>
  __device__ static T slope(T x, T t) {
    return x > t ? T(1) : (x < t ? T(-1) : x - t);
  }
};

}  // namespace
const PointwiseLossKernels l1_loss = {gpu::pointwise_forward<Loss>, gpu::pointwise_backward<Loss>};
TILESTACK_CUDA_TABLE(l1_loss)
}  // namespace tilestack::cuda

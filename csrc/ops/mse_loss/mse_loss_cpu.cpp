#include "ops/mse_loss/mse_loss.h"

#include "core/pointwise_loss.h"

namespace tilestack::TILESTACK_ISA {
namespace {

struct Loss {
  template <class V>
  TILESTACK_INLINE static V loss(V x, V t) {
    return (x - t) * (x - t);
  }
  template <class V>
  TILESTACK_INLINE static V slope(V x, V t) {
    return 2 * (x - t);
  }
};

}  // namespace
constinit const PointwiseLossKernels mse_loss = {pointwise_forward<Loss>, pointwise_backward<Loss>};
}  // namespace tilestack::TILESTACK_ISA

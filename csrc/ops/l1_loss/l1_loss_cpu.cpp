#include "ops/l1_loss/l1_loss.h"

#include "core/pointwise_loss.h"

namespace tilestack::TILESTACK_ISA {
namespace {

struct Loss {
  template <class V>
  TILESTACK_INLINE static V loss(V x, V t) {
    return x < t ? t - x : x - t;
  }
  template <class V>
  TILESTACK_INLINE static V slope(V x, V t) {
    return x > t ? V{} + 1 : (x < t ? V{} - 1 : x - t);
  }
};

}  // namespace
constinit const PointwiseLossKernels l1_loss = {pointwise_forward<Loss>, pointwise_backward<Loss>};
}  // namespace tilestack::TILESTACK_ISA

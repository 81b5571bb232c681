#include "ops/huber_loss/huber_loss.h"

#include "core/pointwise_loss.h"
#include "core/vec_math.h"

namespace tilestack::TILESTACK_ISA {
namespace {

struct Loss {
  double delta;
  template <class V>
  TILESTACK_INLINE V loss(V x, V t) const {
    const V d = x - t, bounded = slope(x, t);
    return bounded * (d - bounded / 2);
  }
  template <class V>
  TILESTACK_INLINE V slope(V x, V t) const {
    return at_most(at_least(V(x - t), Lane<V>(-delta)), Lane<V>(delta));
  }
};

}  // namespace
constinit const PointwiseLossKernels huber_loss = {pointwise_forward<Loss>, pointwise_backward<Loss>};
}  // namespace tilestack::TILESTACK_ISA

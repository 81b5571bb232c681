#include "ops/binary_cross_entropy_with_logits/binary_cross_entropy_with_logits.h"

#include "core/pointwise_loss.h"
#include "core/vec_math.h"

namespace tilestack::TILESTACK_ISA {
namespace {

struct Loss {
  template <class V>
  TILESTACK_INLINE static V loss(V x, V t) {
    return (x < 0 ? V{} : x) - x * t + vlog1p(vexp(-vabs(x)));
  }
  template <class V>
  TILESTACK_INLINE static V slope(V x, V t) {
    return vsigmoid(x) - t;
  }
};

}  // namespace
constinit const PointwiseLossKernels binary_cross_entropy_with_logits = {pointwise_forward<Loss>,
                                                                         pointwise_backward<Loss>};
}  // namespace tilestack::TILESTACK_ISA

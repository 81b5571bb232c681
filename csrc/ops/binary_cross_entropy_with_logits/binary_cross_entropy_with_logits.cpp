#include "ops/binary_cross_entropy_with_logits/binary_cross_entropy_with_logits.h"

#include "core/losses.h"

namespace tilestack {

Tensor binary_cross_entropy_with_logits(const Tensor& x, const Tensor& t, LossReduction reduction) {
  return pointwise_loss("binary_cross_entropy_with_logits", binary_cross_entropy_with_logits_on, x, t, reduction,
                        false);
}

}  // namespace tilestack

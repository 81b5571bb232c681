#include "ops/l1_loss/l1_loss.h"

#include "core/losses.h"

namespace tilestack {

Tensor l1_loss(const Tensor& x, const Tensor& t, LossReduction reduction) {
  return pointwise_loss("l1_loss", l1_loss_on, x, t, reduction, true);
}

}  // namespace tilestack

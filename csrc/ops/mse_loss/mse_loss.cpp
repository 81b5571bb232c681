#include "ops/mse_loss/mse_loss.h"

#include "core/losses.h"

namespace tilestack {

Tensor mse_loss(const Tensor& x, const Tensor& t, LossReduction reduction) {
  return pointwise_loss("mse_loss", mse_loss_on, x, t, reduction, true);
}

}  // namespace tilestack

#include "ops/huber_loss/huber_loss.h"

#include "core/losses.h"
#include "ops/div/div.h"
#include "ops/l1_loss/l1_loss.h"

namespace tilestack {

Tensor huber_loss(const Tensor& x, const Tensor& t, LossReduction reduction, double delta) {
  check(delta > 0, "huber_loss: delta must be positive, got {}", delta);
  return pointwise_loss("huber_loss", huber_loss_on, x, t, reduction, true, delta);
}

Tensor smooth_l1_loss(const Tensor& x, const Tensor& t, LossReduction reduction, double beta) {
  check(beta >= 0, "smooth_l1_loss: beta must not be negative, got {}", beta);
  if (beta == 0) return pointwise_loss("smooth_l1_loss", l1_loss_on, x, t, reduction, true);
  const Tensor y = pointwise_loss("smooth_l1_loss", huber_loss_on, x, t, reduction, true, beta);
  return beta == 1 ? y : div(y, Scalar{Scalar::real, beta});
}

}  // namespace tilestack

#include "ops/rmsprop/rmsprop.h"

#include "core/tensor_list.h"

namespace tilestack {

void rmsprop(const TensorList& params, const TensorList& grads, const TensorList& square_avgs,
             const TensorList& grad_avgs, const TensorList& momenta, RmspropOptions options) {
  check_parameters("rmsprop", params);
  if (params.empty()) return;
  const std::size_t averages = options.centered ? params.size() : 0, buffers = options.momentum > 0 ? params.size() : 0;
  check(square_avgs.size() == params.size() && grad_avgs.size() == averages && momenta.size() == buffers,
        "rmsprop: wanted {} square_avgs, {} grad_avgs and {} momentum_buffers, got {}, {} and {}", params.size(),
        averages, buffers, square_avgs.size(), grad_avgs.size(), momenta.size());
  const Companions g = Companions::gradients("rmsprop", params, grads);
  const Companions v = Companions::state("rmsprop", "square_avgs", params, square_avgs);
  const Companions a = Companions::state("rmsprop", "grad_avgs", params, grad_avgs);
  const Companions b = Companions::state("rmsprop", "momentum_buffers", params, momenta);
  rmsprop_on(params[0].device())
      .step(views_of(params).data(), g.data(), v.data(), a.data(), b.data(), std::int64_t(params.size()), options);
  for (const Tensor& p : params) p.bump_version();
}

}  // namespace tilestack

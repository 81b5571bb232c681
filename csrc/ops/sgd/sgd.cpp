#include "ops/sgd/sgd.h"

#include "core/tensor_list.h"

namespace tilestack {

void sgd(const TensorList& params, const TensorList& grads, const TensorList& momenta, SgdOptions options) {
  check_parameters("sgd", params);
  if (params.empty()) return;
  check(options.momentum == 0 || momenta.size() == params.size(),
        "sgd: momentum {} needs a buffer for each of {} "
        "parameters, got {}",
        options.momentum, params.size(), momenta.size());
  check(!options.nesterov || (options.momentum > 0 && options.dampening == 0),
        "sgd: nesterov needs momentum and no dampening, got momentum {} and dampening {}", options.momentum,
        options.dampening);
  const Companions g = Companions::gradients("sgd", params, grads);
  const Companions b =
      Companions::state("sgd", "momentum_buffers", params, options.momentum == 0 ? TensorList{} : momenta);
  sgd_on(params[0].device()).step(views_of(params).data(), g.data(), b.data(), std::int64_t(params.size()), options);
  for (const Tensor& p : params) p.bump_version();
}

}  // namespace tilestack

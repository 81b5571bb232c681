#include "ops/adam/adam.h"

#include "core/tensor_list.h"

namespace tilestack {

void adam(const TensorList& params, const TensorList& grads, const TensorList& exp_avgs, const TensorList& exp_avg_sqs,
          const TensorList& max_exp_avg_sqs, AdamOptions options) {
  check_parameters("adam", params);
  if (params.empty()) return;
  check(options.step >= 1, "adam: steps count from 1, got {}", options.step);
  const std::size_t wanted = options.amsgrad ? params.size() : 0;
  check(exp_avgs.size() == params.size() && exp_avg_sqs.size() == params.size() && max_exp_avg_sqs.size() == wanted,
        "adam: wanted {} exp_avgs, {} exp_avg_sqs and {} max_exp_avg_sqs, got {}, {} and {}", params.size(),
        params.size(), wanted, exp_avgs.size(), exp_avg_sqs.size(), max_exp_avg_sqs.size());
  const Companions g = Companions::gradients("adam", params, grads);
  const Companions m = Companions::state("adam", "exp_avgs", params, exp_avgs);
  const Companions v = Companions::state("adam", "exp_avg_sqs", params, exp_avg_sqs);
  const Companions largest = Companions::state("adam", "max_exp_avg_sqs", params, max_exp_avg_sqs);
  adam_on(params[0].device())
      .step(views_of(params).data(), g.data(), m.data(), v.data(), largest.data(), std::int64_t(params.size()),
            options);
  for (const Tensor& p : params) p.bump_version();
}

}  // namespace tilestack

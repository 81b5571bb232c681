#include "ops/adagrad/adagrad.h"

#include "core/update_op.h"

namespace tilestack {

void adagrad(const UpdateTensors& tensors, const TensorList& state_sums, AdagradOptions options) {
  check(options.step >= 1, "adagrad: steps count from 1, got {}", options.step);
  run_update("adagrad", adagrad_on, tensors, {{"state_sums", state_sums}}, options);
}

}  // namespace tilestack

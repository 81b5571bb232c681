#include "ops/lion/lion.h"

#include "core/update_op.h"

namespace tilestack {

void lion(const UpdateTensors& tensors, const TensorList& exp_avgs, LionOptions options) {
  run_update("lion", lion_on, tensors, {{"exp_avgs", exp_avgs}}, options);
}

}  // namespace tilestack

#include "ops/sgd/sgd.h"

#include "core/update_op.h"

namespace tilestack {

void sgd(const UpdateTensors& tensors, const TensorList& momenta, SgdOptions options) {
  check(!options.nesterov || (options.momentum > 0 && options.dampening == 0),
        "sgd: nesterov needs momentum and no dampening, got momentum {} and dampening {}", options.momentum,
        options.dampening);
  run_update("sgd", sgd_on, tensors, {{"momentum_buffers", momenta, options.momentum != 0}}, options);
}

}  // namespace tilestack

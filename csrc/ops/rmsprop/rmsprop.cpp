#include "ops/rmsprop/rmsprop.h"

#include "core/update_op.h"

namespace tilestack {

void rmsprop(const UpdateTensors& tensors, const TensorList& square_avgs, const TensorList& grad_avgs,
             const TensorList& momenta, RmspropOptions options) {
  run_update("rmsprop", rmsprop_on, tensors,
             {{"square_avgs", square_avgs},
              {"grad_avgs", grad_avgs, options.centered},
              {"momentum_buffers", momenta, options.momentum > 0}},
             options);
}

}  // namespace tilestack

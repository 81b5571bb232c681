#pragma once
// Checks of optimizers' ops, and the call of their kernels.
#include <initializer_list>

#include "core/tensor_list.h"
#include "core/update.h"

namespace tilestack {

struct UpdateState {
  const char* name;
  const TensorList& tensors;  // one for each parameter, none unless it is used
  bool used = true;
};

// The lists of one step, checked. There is at least one parameter.
class Update {
 public:
  Update(const char* op, const UpdateTensors& tensors, std::initializer_list<UpdateState> states);
  UpdateLists lists() const;
  void count_writes() const;

 private:
  const TensorList& params_;
  std::vector<View> views_;
  Companions grads_, masters_;
  std::vector<Companions> states_;
};

template <class Options, class KernelsOn>
void run_update(const char* op, KernelsOn kernels_on, const UpdateTensors& tensors,
                std::initializer_list<UpdateState> states, const Options& options) {
  if (tensors.params.empty()) return;
  const Update update(op, tensors, states);
  kernels_on(tensors.params[0].device()).step(update.lists(), options);
  update.count_writes();
}

}  // namespace tilestack

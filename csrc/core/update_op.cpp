#include "core/update_op.h"

namespace tilestack {

Update::Update(const char* op, const UpdateTensors& tensors, std::initializer_list<UpdateState> states)
    : params_(tensors.params) {
  check_parameters(op, params_);
  for (const UpdateState& state : states) {
    const std::size_t wanted = state.used ? params_.size() : 0;
    check(state.tensors.size() == wanted, "{}: wanted {} {} for {} parameters, got {}", op, wanted, state.name,
          params_.size(), state.tensors.size());
  }
  grads_ = Companions::gradients(op, params_, tensors.grads);
  masters_ = Companions::masters(op, params_, tensors.masters);
  for (const UpdateState& state : states)
    if (state.used) states_.push_back(Companions::state(op, state.name, params_, state.tensors));
  views_ = views_of(params_);
}

UpdateLists Update::lists() const {
  UpdateLists lists = {views_.data(), grads_.data(), masters_.data(), {}, std::int64_t(views_.size())};
  for (std::size_t i = 0; i < states_.size(); ++i) lists.states[i] = states_[i].data();
  return lists;
}

void Update::count_writes() const {
  for (const Tensor& p : params_) p.bump_version();
}

}  // namespace tilestack

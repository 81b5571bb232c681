#include "core/activation.h"

#include "core/check.h"

namespace tilestack {

Activation activation_of(const char* op, const std::string& name) {
  const char* names[] = {"none", "relu", "gelu", "gelu_tanh", "sigmoid", "tanh"};
  for (int i = 0; i < 6; ++i)
    if (name == names[i]) return Activation(i);
  throw ValueError(
      fill_in("{}: activation must be none, relu, gelu, gelu_tanh, sigmoid or tanh, got \"{}\"", {op, name}));
}

}  // namespace tilestack

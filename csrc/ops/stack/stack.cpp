#include "ops/stack/stack.h"

#include "core/views.h"
#include "ops/cat/cat.h"

namespace tilestack {

Tensor stack(const std::vector<Tensor>& tensors, std::int64_t dim) {
  check(!tensors.empty(), "stack: wanted at least one tensor");
  check<TypeError>(tensors[0].defined(), "stack: tensor 0 is None");
  const int at = wrap_dim("stack", dim, tensors[0].dim() + 1);
  std::vector<Tensor> slices;
  slices.reserve(tensors.size());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    check<TypeError>(tensors[i].defined(), "stack: tensor {} is None", i);
    check(tensors[i].shape() == tensors[0].shape(), "stack: shapes must agree, tensor 0 has {}, tensor {} has {}",
          tensors[0].shape(), i, tensors[i].shape());
    slices.push_back(unsqueeze(tensors[i], at));
  }
  return cat(slices, at);
}

}  // namespace tilestack

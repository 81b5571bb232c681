#pragma once
#include "core/kernels.h"

namespace tilestack {

// y[i, c] = 1 where c is indices[i], else 0.   indices: int64 or int32, any shape   y: (*indices.shape, classes), int64
struct OneHotKernels {
  std::int64_t (*largest)(View indices);  // -1 if there are none
  // Returns where the first index outside of [0, classes) is, before anything is written; -1 if there is none.
  std::int64_t (*forward)(View indices, View y);
};
TILESTACK_KERNELS(OneHotKernels, one_hot)

// num_classes -1: the largest index + 1.
Tensor one_hot(const Tensor& indices, std::int64_t num_classes);

}  // namespace tilestack

#pragma once
#include <optional>

#include "core/kernels.h"

namespace tilestack {

// y[i] = weight[indices[i]].
// weight: (vocabulary, width)   indices: int64 or int32, any shape   y: (*indices.shape, width); all contiguous, float
struct EmbeddingKernels {
  // Returns where the first index outside of [0, vocabulary) is, before anything is written; -1 if there is none.
  std::int64_t (*forward)(View weight, View indices, View y);
  // Overwrites dweight: each row sums the dy of its tokens in their order. The row padding_idx, if not -1, becomes 0.
  void (*backward)(View dy, View indices, View dweight, std::int64_t padding_idx);
};
TILESTACK_KERNELS(EmbeddingKernels, embedding)

// The row padding_idx, counted from either end, gets no gradient. IndexError that names the first bad index.
Tensor embedding(const Tensor& indices, const Tensor& weight, std::optional<std::int64_t> padding_idx);

}  // namespace tilestack

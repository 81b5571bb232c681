#pragma once
#include "core/kernels.h"

namespace tilestack {

// How a row is made: an image has `groups` rows, a row `channels` runs of `inside` elements, each a channel's.
struct ChannelGroups {
  std::int64_t groups, channels, inside;
};

// y = (x - mean) * r * w + b, with r = 1 / sqrt(variance + eps) and the biased variance, for each row: layer_norm, but
// that w and b belong to channels.
// x, y: (rows, cols), contiguous, float   w, b: (groups * channels), x's dtype, each may be undefined (1 and 0)
// mean, r: rows elements, float32 (float64 for float64), as are dw and db
// backward overwrites dx, dw and db, each may be undefined; dw, db: (rows, channels), of each image its own share.
struct GroupNormKernels {
  void (*forward)(View x, View w, View b, View y, View mean, View r, double eps, ChannelGroups groups);
  void (*backward)(View x, View w, View mean, View r, View dy, View dx, View dw, View db, ChannelGroups groups);
};
TILESTACK_KERNELS(GroupNormKernels, group_norm)

// x: (batch, channels, ...), its channels a multiple of num_groups   weight, bias: (channels) or undefined
Tensor group_norm(const Tensor& x, std::int64_t num_groups, const Tensor& weight, const Tensor& bias, double eps);

}  // namespace tilestack

#pragma once
#include <cstdint>

namespace tilestack {

// How a window slides over an image: {height, width} of each.
struct Window2d {
  std::int64_t kernel[2], stride[2], padding[2], dilation[2];
};

}  // namespace tilestack

#pragma once
#include "core/op.h"

namespace tilestack {

// One number stands for both height and width.
inline void set_pair(const char* op, std::int64_t (&pair)[2], const char* name, const Dims& sizes,
                     std::int64_t smallest) {
  check(sizes.size() == 1 || sizes.size() == 2, "{}: {} must be one number or two, got {}", op, name, sizes);
  for (int i = 0; i < 2; ++i) {
    pair[i] = sizes[sizes.size() == 2 ? i : 0];
    check(pair[i] >= smallest && pair[i] < (std::int64_t(1) << 31), "{}: {} must be at least {}, got {}", op, name,
          smallest, sizes);
  }
}

}  // namespace tilestack

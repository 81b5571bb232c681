#pragma once
// Operands whose memory has another order than the result's are copied to that order first: read element by element,
// they would bring whole sectors of memory for each.
#include <optional>

#include "cuda/map_plan.h"
#include "cuda/runtime.h"

namespace tilestack::gpu {

struct Straightened {
  const View* views[kMapViews];
  bool changed = false;

  Straightened(const View* const* operands, int count);

 private:
  View copies_[kMapViews];
  std::optional<Workspace<char>> memory_[kMapViews];
};

}  // namespace tilestack::gpu

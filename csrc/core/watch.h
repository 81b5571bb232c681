#pragma once
// A look at each op of the backward pass, for finding where NaN come from.
#include "core/tape.h"

namespace tilestack {

// Called after each node with the gradients that it got and gave; what it throws ends the pass. Null: no one looks.
using BackwardWatch = void (*)(const Node& node, const Gradients& dys, const Gradients& dxs);
extern std::atomic<BackwardWatch> backward_watch;

}  // namespace tilestack

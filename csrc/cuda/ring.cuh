#pragma once
// Tiles that one warp brings by TMA and others use: a ring of slots, each with an mbarrier for full and one for empty.
#include "cuda/gpu.h"

namespace tilestack::cuda {
namespace {

// Where in the ring a thread is. Whoever fills waits for `empty` with the opposite phase, which a fresh barrier passes.
template <int kStages>
struct RingPosition {
  int slot = 0;
  std::uint32_t phase = 0;
  __device__ __forceinline__ void advance() {
    if (++slot < kStages) return;
    slot = 0;
    phase ^= 1;
  }
};

}  // namespace
}  // namespace tilestack::cuda

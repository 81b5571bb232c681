#pragma once
#include "core/kernels.h"

namespace tilestack {

// Pairs (a, b) of a row's first elements turn by an angle each: y = (a cos - b sin, b cos + a sin); the others stay (Su
// et al., 2021). Pair j is elements j and j + half, or interleaved 2 j and 2 j + 1. x, y: (i, j, k, dim), float, rows
// of elements side by side   cos, sin: (i, j, k, half), the compute dtype, likewise; strides are free and may be 0 half
// <= dim / 2 backward is the same with -sin: inverse.
struct RotaryEmbeddingKernels {
  void (*forward)(View x, View cos, View sin, View y, bool interleaved, bool inverse);
};
TILESTACK_KERNELS(RotaryEmbeddingKernels, rotary_embedding)

// x: (..., dim)   cos, sin: broadcast to (..., half), no gradients
Tensor rotary_embedding(const Tensor& x, const Tensor& cos, const Tensor& sin, bool interleaved);

}  // namespace tilestack

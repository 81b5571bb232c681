#pragma once
// Every instruction that kernels use beyond CUDA C++, one function each.
#include <cstdint>

#ifdef TILESTACK_EMULATOR
#include "cuda/emulator/ptx.h"
#else
namespace tilestack::ptx {

// Two floats rounded to nearest even, the first in the low half.
__device__ __forceinline__ std::uint32_t pack_bf16(float low, float high) {
  std::uint32_t pair;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
  return pair;
}
__device__ __forceinline__ std::uint32_t pack_f16(float low, float high) {
  std::uint32_t pair;
  asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
  return pair;
}

}  // namespace tilestack::ptx
#endif

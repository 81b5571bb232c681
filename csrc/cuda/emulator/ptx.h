#pragma once
// The instructions of cuda/ptx.h, with the same signatures.
#include "core/dtype.h"
#include "cuda/emulator/core.h"

namespace tilestack::ptx {

inline std::uint32_t pack_bf16(float low, float high) {
  return std::uint32_t(to_bfloat16(high).bits) << 16 | to_bfloat16(low).bits;
}
inline std::uint32_t pack_f16(float low, float high) {
  return std::uint32_t(to_float16(high).bits) << 16 | to_float16(low).bits;
}

}  // namespace tilestack::ptx

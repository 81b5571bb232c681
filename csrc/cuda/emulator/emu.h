#pragma once
// CUDA's language under an ordinary compiler: keywords, built-in variables, intrinsics. Included by gpu.h alone.
#include "cuda/emulator/core.h"
#include "cuda/emulator/cudart.h"
#include "cuda/emulator/math.h"

#define __global__
#define __device__
#define __host__
#define __constant__
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
#define __cluster_dims__(...)
#define __grid_constant__
#define __align__(n) alignas(n)
#define __shared__ static_assert(false, "shared memory is GPU_SHARED(name, type) or gpu::dyn_shared<T>()");

#define threadIdx (::emu::cur->index)
#define blockIdx (::emu::cur->block->index)
#define blockDim (::emu::block_dim)
#define gridDim (::emu::grid_dim)
constexpr int warpSize = 32;

#define GPU_SHARED(name, ...)                                                         \
  static ::emu::SharedSite name##_site;                                               \
  auto& name = *static_cast<std::type_identity_t<__VA_ARGS__>*>(::emu::static_shared( \
      name##_site, sizeof(std::type_identity_t<__VA_ARGS__>), alignof(std::type_identity_t<__VA_ARGS__>)))

inline void __syncthreads(emu::Site site = emu::Site::current()) { emu::block_barrier("__syncthreads", 0, 0, site); }
inline int __syncthreads_count(int value, emu::Site site = emu::Site::current()) {
  return emu::block_barrier("__syncthreads_count", 0, value, site);
}
inline int __syncthreads_or(int value, emu::Site site = emu::Site::current()) {
  return emu::block_barrier("__syncthreads_or", 0, value, site) > 0;
}
inline int __syncthreads_and(int value, emu::Site site = emu::Site::current()) {
  return emu::block_barrier("__syncthreads_and", 0, value, site) == int(emu::launch->threads);
}
void __syncwarp(unsigned mask = 0xffffffffu, emu::Site site = emu::Site::current());

// Fences order nothing here: threads see memory in the order of the program. The race detector knows barriers only.
inline void __threadfence() {}
inline void __threadfence_block() {}
inline void __threadfence_system() {}

namespace emu {

enum class Shuffle { index, up, down, exclusive_or };
std::uint64_t shuffle(Shuffle kind, unsigned mask, std::uint64_t value, int argument, int width, Site site);
enum class Vote { ballot, match_any };
unsigned vote(Vote kind, unsigned mask, std::uint64_t value, Site site);
enum class Reduce { add, min, max, and_, or_, xor_ };
std::int64_t reduce(Reduce kind, unsigned mask, std::int64_t value, Site site);

template <class T>
T shuffle_as(Shuffle kind, unsigned mask, T value, int argument, int width, Site site) {
  static_assert(sizeof(T) == 4 || sizeof(T) == 8, "shuffles take 4 or 8 bytes");
  std::uint64_t bits = 0;
  __builtin_memcpy(&bits, &value, sizeof(T));
  bits = shuffle(kind, mask, bits, argument, width, site);
  __builtin_memcpy(&value, &bits, sizeof(T));
  return value;
}

}  // namespace emu

#define EMU_SHUFFLE(name, kind, Argument)                                                                    \
  template <class T>                                                                                         \
  T name(unsigned mask, T value, Argument argument, int width = 32, emu::Site site = emu::Site::current()) { \
    return emu::shuffle_as(emu::Shuffle::kind, mask, value, int(argument), width, site);                     \
  }
EMU_SHUFFLE(__shfl_sync, index, int)
EMU_SHUFFLE(__shfl_up_sync, up, unsigned)
EMU_SHUFFLE(__shfl_down_sync, down, unsigned)
EMU_SHUFFLE(__shfl_xor_sync, exclusive_or, int)
#undef EMU_SHUFFLE

inline unsigned __ballot_sync(unsigned mask, int value, emu::Site site = emu::Site::current()) {
  return emu::vote(emu::Vote::ballot, mask, value != 0, site);
}
inline int __any_sync(unsigned mask, int value, emu::Site site = emu::Site::current()) {
  return emu::vote(emu::Vote::ballot, mask, value != 0, site) != 0;
}
inline int __all_sync(unsigned mask, int value, emu::Site site = emu::Site::current()) {
  return emu::vote(emu::Vote::ballot, mask, value == 0, site) == 0;
}
template <class T>
unsigned __match_any_sync(unsigned mask, T value, emu::Site site = emu::Site::current()) {
  std::uint64_t bits = 0;
  __builtin_memcpy(&bits, &value, sizeof(T));
  return emu::vote(emu::Vote::match_any, mask, bits, site);
}

#define EMU_REDUCE(name, kind)                                                 \
  template <class T>                                                           \
  T name(unsigned mask, T value, emu::Site site = emu::Site::current()) {      \
    return T(emu::reduce(emu::Reduce::kind, mask, std::int64_t(value), site)); \
  }
EMU_REDUCE(__reduce_add_sync, add)
EMU_REDUCE(__reduce_min_sync, min)
EMU_REDUCE(__reduce_max_sync, max)
EMU_REDUCE(__reduce_and_sync, and_)
EMU_REDUCE(__reduce_or_sync, or_)
EMU_REDUCE(__reduce_xor_sync, xor_)
#undef EMU_REDUCE

// Atomics: int, unsigned, unsigned long long, float, double as CUDA has them. Defined out of line, so that the race
// detector doesn't take them for ordinary accesses.
#define EMU_ATOMIC(name) \
  template <class T>     \
  T name(T* p, std::type_identity_t<T> value);
EMU_ATOMIC(atomicAdd)
EMU_ATOMIC(atomicSub)
EMU_ATOMIC(atomicExch)
EMU_ATOMIC(atomicMin)
EMU_ATOMIC(atomicMax)
EMU_ATOMIC(atomicAnd)
EMU_ATOMIC(atomicOr)
EMU_ATOMIC(atomicXor)
EMU_ATOMIC(atomicInc)
#undef EMU_ATOMIC
template <class T>
T atomicCAS(T* p, std::type_identity_t<T> compare, std::type_identity_t<T> value);

inline void __nanosleep(unsigned, emu::Site site = emu::Site::current()) { emu::pause("__nanosleep", nullptr, site); }
[[noreturn]] inline void __trap(emu::Site site = emu::Site::current()) { emu::fault("__trap", site); }
long long clock64();

namespace emu {
// What gpu::launch calls.
cudaError_t enqueue_launch(cudaStream_t stream, const LaunchShape& shape, std::shared_ptr<const Call> call);
}  // namespace emu

#pragma once
#include "core/view.h"

// Included by every contract: how an op's kernels are named and found. Each instruction set this build holds is one
// line of TILESTACK_FOR_EACH_ISA; a kernel file is compiled once for each, with TILESTACK_ISA set to its namespace.
// Where CMake leaves a set out, the table is a weak symbol that stays null, and that of the set before it serves.
#if defined(TILESTACK_FOR_EACH_ISA)  // by CMake, which was given TILESTACK_ISAS
#elif defined(__x86_64__)
#define TILESTACK_FOR_EACH_ISA(X, ...) X(baseline, __VA_ARGS__) X(avx2, __VA_ARGS__) X(avx512, __VA_ARGS__)
#elif defined(__aarch64__)
#define TILESTACK_FOR_EACH_ISA(X, ...) X(neon, __VA_ARGS__)
#else
#define TILESTACK_FOR_EACH_ISA(X, ...) X(baseline, __VA_ARGS__)
#endif

namespace tilestack {

class Tensor;

struct Device {
  enum Kind : std::int8_t { cpu, cuda } kind = cpu;
  std::int8_t index = 0;
  bool operator==(const Device&) const = default;
};

// Index into the order of TILESTACK_FOR_EACH_ISA, chosen at import.
extern int active_isa;
// Whether this processor adds products of pairs of bfloat16 (AVX512-BF16), and of four bytes (AVX512-VNNI): beyond what
// any instruction set asks for.
extern const bool has_bfloat16_dot, has_int8_dot;

// The table that the CUDA module holds for the op, which is loaded if it is not yet; RuntimeError that says why not.
const void* cuda_table(const char* name);
// Kernels that this thread launches from now on run on this GPU.
void activate_cuda(int index);

#if defined(TILESTACK_ISA)  // a kernel file, which defines its table
#define TILESTACK_TABLE_LINKAGE
#else
#define TILESTACK_TABLE_LINKAGE [[gnu::weak]]
#endif
#define TILESTACK_DECLARE_TABLE(isa, Type, name)  \
  namespace isa {                                 \
  TILESTACK_TABLE_LINKAGE extern const Type name; \
  }
#define TILESTACK_TABLE_ADDRESS(isa, Type, name) &isa::name,

// Declares one table of kernels per instruction set and one for GPUs, and name_on(device), which finds the one to call.
#define TILESTACK_KERNELS(Type, name)                                                                      \
  TILESTACK_FOR_EACH_ISA(TILESTACK_DECLARE_TABLE, Type, name)                                              \
  TILESTACK_DECLARE_TABLE(cuda, Type, name)                                                                \
  inline const Type& name##_on(Device device) {                                                            \
    static constexpr const Type* tables[] = {TILESTACK_FOR_EACH_ISA(TILESTACK_TABLE_ADDRESS, Type, name)}; \
    if (device.kind == Device::cpu) {                                                                      \
      const Type* const own = tables[active_isa];                                                          \
      return own ? *own : *tables[active_isa - 1];                                                         \
    }                                                                                                      \
    static const void* const table = cuda_table(#name);                                                    \
    activate_cuda(device.index);                                                                           \
    return *static_cast<const Type*>(table);                                                               \
  }

}  // namespace tilestack
